// What is being handled: every kind of life, how many are open and overdue, and the list of one kind.
import { again } from "./again.js";
import { call } from "./links.js";
import { speech, words } from "./words.js";

const AGAIN_MS = 5000;

export default {
  mixins: [speech, again("look", AGAIN_MS)],
  props: { region: String, tables: Array, kind: String, changes: Number },
  emits: ["tables", "kind", "open", "begin"],
  data: () => ({ words, rows: null, failed: false, state: "", late: false, cursor: null }),
  computed: {
    table() {
      return this.tables?.find((table) => table.kind === this.kind) ?? this.tables?.[0];
    },
    /** States that some life is in, and the one asked for. */
    taken() {
      return this.table.states.filter((state) => state.lives || state.name === this.state);
    },
    births() {
      return this.table.moves.filter((move) => !move.sources.length && move.by_hand);
    },
  },
  watch: {
    region: "look",
    changes: "look",
    kind() {
      this.state = "";
      this.rows = null;
      this.look();
    },
  },
  methods: {
    async look() {
      const within = this.region ? `region=${this.region}` : "";
      const { said } = await call(`lifecycles?${within}`);
      this.failed = !said;
      if (!said) return;
      this.$emit("tables", said.tables);
      const table = said.tables.find((each) => each.kind === this.kind) ?? said.tables[0];
      const asked = [within, this.state && `state=${this.state}`, this.late && "overdue=true"].filter(Boolean).join("&");
      const page = await call(`${table.plural}?${asked}`);
      if (page.said && table.kind === this.table.kind) this.rows = page.said.rows;
    },
    stateName(name) {
      return this.table.states.find((state) => state.name === name)?.messages[words.language] ?? name;
    },
    isLate: (row) => row.due_at && Date.parse(row.due_at) <= Date.now(),
    time: (text) => Date.parse(text),
    narrow(state) {
      this.state = this.state === state ? "" : state;
      this.look();
    },
  },
  template: `
    <section class="card affairs" aria-labelledby="affairs-title" data-test="affairs">
      <header class="head"><h2 id="affairs-title">{{ t("affairs") }}</h2><span class="aside">{{ t("affairs_note") }}</span></header>
      <p v-if="failed" class="quiet">{{ t("failed") }}</p>
      <p v-else-if="!tables" class="quiet">{{ t("loading") }}</p>
      <template v-else>
        <nav class="kinds" :aria-label="t('kinds')">
          <button v-for="each in tables" :key="each.kind" type="button" class="plain" :data-kind="each.kind" :aria-current="each === table ? 'page' : undefined" @click="$emit('kind', each.kind)">
            {{ each.messages[words.language] }} <b>{{ number(each.open) }}</b> <small v-if="each.overdue" class="badge urgency">{{ t("overdue_count", { count: number(each.overdue) }) }}</small></button>
        </nav>
        <div class="went">
          <div class="sieve">
            <button v-for="each in taken" :key="each.name" type="button" class="chip" :data-state="each.name" :aria-pressed="state === each.name" @click="narrow(each.name)">{{ each.messages[words.language] }} {{ number(each.lives) }}</button>
            <label class="tick"><input v-model="late" type="checkbox" data-test="late" @change="look"> {{ t("only_overdue") }}</label>
            <button v-for="move in births" :key="move.action" type="button" class="plain strong" :data-begin="move.action" aria-haspopup="dialog" @click="$emit('begin', move.action)">{{ move.messages[words.language] }}</button>
          </div>
          <p v-if="!rows" class="quiet">{{ t("loading") }}</p>
          <p v-else-if="!rows.length" class="quiet">{{ t("affairs_none") }}</p>
          <table v-else>
            <caption class="unseen">{{ t("affairs_caption", { kind: table.messages[words.language] }) }}</caption>
            <thead><tr><th scope="col">{{ t("title_of") }}</th><th scope="col">{{ t("state") }}</th><th scope="col" class="n">{{ t("stands_since") }}</th><th scope="col" class="n">{{ t("due") }}</th></tr></thead>
            <tbody><tr v-for="row in rows" :key="row.life.id" :data-life="row.life.id" :class="{ late: isLate(row) }">
              <th scope="row"><button type="button" aria-haspopup="dialog" @click="$emit('open', table.kind + '/' + row.life.id)">{{ row.life.title || row.life.id }}</button><small>{{ row.life.id }}</small></th>
              <td :data-label="t('state')"><span class="fate" :data-open="row.is_open">{{ stateName(row.life.state) }}</span></td>
              <td class="n" :data-label="t('stands_since')">{{ moment(time(row.life.since)) }}</td>
              <td class="n" :data-label="t('due')"><b v-if="isLate(row)" class="urgency">{{ t("overdue") }}</b> {{ row.due_at ? moment(time(row.due_at)) : "–" }}</td>
            </tr></tbody>
          </table>
        </div>
      </template>
    </section>`,
};
