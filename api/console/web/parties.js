// Who may be meant where a form asks for a party: units, communities and offices around a place, and who acted last.
import { call } from "./links.js";
import { speech } from "./words.js";

const REMEMBERED = "cobuild.parties";
const KEPT = 8;
const known = new Map(); // what lies around a place, asked for once

/** Who acted on this page, the last one first. */
export function recent() {
  try {
    return JSON.parse(sessionStorage.getItem(REMEMBERED)) ?? [];
  } catch {
    return []; // storage is barred
  }
}

export function remember(party) {
  if (!party) return;
  try {
    sessionStorage.setItem(REMEMBERED, JSON.stringify([party, ...recent().filter((each) => each !== party)].slice(0, KEPT)));
  } catch {
    // storage is barred: it is asked again
  }
}

export const kindOf = (party) => party.split(":")[0];

/** A region as a party: its community, or the office of whatever lies above communities. */
const asParty = ({ code, name }) => ({ party: code.length === 12 ? `community:${code}` : `office:${code.padEnd(12, "0")}`, name });

/** The units of the district around a place, the communities of its street, and the offices from there up. */
async function look(place) {
  let { said: region } = await call(`regions/${place}`);
  if (region?.code.length === 12) region = (await call(`regions/${region.code.slice(0, 9)}`)).said;
  const { said: units } = await call(`units?limit=200&region=${(region?.code ?? place).slice(0, 6)}`);
  const regions = region ? [...region.children, ...[...region.path].reverse()].map(asParty) : [];
  return [...regions, ...(units?.rows ?? []).map(({ party, unit }) => ({ party, name: unit.name }))];
}

function around(place) {
  if (!place) return Promise.resolve([]);
  if (!known.has(place)) {
    const looked = look(place);
    known.set(place, looked);
    looked.then((found) => found.length || known.delete(place)); // nobody answered: ask again next time
  }
  return known.get(place);
}

/** The lists that inputs name: parties of any kind, of those kinds that may act, units, members, communities' codes. */
export default {
  mixins: [speech],
  props: { place: String, may: Array, name: { type: String, default: "party" } },
  data: () => ({ found: [] }),
  computed: {
    lists() {
      const used = recent().filter((party) => !this.found.some((each) => each.party === party));
      const all = [...used.map((party) => ({ party, name: this.t("used_last") })), ...this.found];
      const of = (...kinds) => all.filter(({ party }) => kinds.includes(kindOf(party)));
      const codes = of("community").map(({ party, name }) => ({ party: party.slice("community:".length), name }));
      return { any: all, by: this.may?.length ? of(...this.may) : all, unit: of("unit"), member: of("member"), community: codes };
    },
  },
  watch: {
    place: {
      immediate: true,
      async handler(place) {
        const found = await around(place);
        if (place === this.place) this.found = found;
      },
    },
  },
  template: `
    <datalist v-for="(list, of) in lists" :key="of" :id="name + '-' + of"><option v-for="each in list" :key="each.party" :value="each.party">{{ each.name }}</option></datalist>`,
};
