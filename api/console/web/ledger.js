// The ledger: a region's sums and those one level below it, down to the smallest grid; what is late;
// time in each stage; reports and files.
import { again } from "./again.js";
import { api, call } from "./links.js";
import { speech, words } from "./words.js";
import Draft from "./draft.js";
import Files from "./files.js";
import Imports from "./imports.js";
import Reports from "./reports.js";
import Stages from "./stages.js";
import Sums from "./sums.js";

const AGAIN_MS = 10000;

export default {
  mixins: [speech, again("look", AGAIN_MS)],
  components: { Draft, Files, Imports, Reports, Stages, Sums },
  props: { region: String, tables: Array },
  emits: ["tables", "go", "turn"],
  data: () => ({ words, grid: "", found: null, late: null, failed: false }),
  computed: {
    /** A grid is no region of the page: it is chosen here, below the community that the page looks at. */
    place() {
      return this.grid || this.region;
    },
    /** Reports and lists are of regions: of a grid, those of its community. */
    named() {
      return this.place.split("-")[0];
    },
    within() {
      return this.place ? `?region=${encodeURIComponent(this.place)}` : "";
    },
    sheets() {
      return [["ledger_sheet", `rollup.csv${this.within}`], ["late_sheet", `overdue/counts.csv${this.within}`]];
    },
  },
  watch: {
    region() {
      this.grid = "";
    },
    place() {
      this.found = null;
      this.look();
    },
  },
  methods: {
    async look() {
      const asked = this.place;
      if (!this.tables) {
        const { said } = await call("lifecycles");
        if (said) this.$emit("tables", said.tables);
      }
      const [sums, late] = await Promise.all([call(`rollup${this.within}`), call(`overdue/counts${this.within}`)]);
      if (asked !== this.place) return; // somebody went on meanwhile
      this.failed = !sums.said || !late.said;
      if (!this.failed) [this.found, this.late] = [sums.said, late.said];
    },
    down(region) {
      if (region.includes("-")) this.grid = region;
      else this.$emit("go", region);
    },
    /** From a grid to the one around it, or to its community. */
    up() {
      const around = this.grid.slice(0, this.grid.lastIndexOf("-"));
      this.grid = around.includes("-") ? around : "";
    },
    file: (path) => api(path),
  },
  template: `
    <section class="card ledger" aria-labelledby="ledger-title" data-test="ledger" :data-place="place">
      <header class="head"><h2 id="ledger-title">{{ t("ledger") }}<template v-if="found"> · {{ found.own.name }}</template></h2>
        <span class="aside">{{ t("ledger_note") }}</span>
        <div class="tools"><button v-if="grid" type="button" class="plain" data-test="up" @click="up">{{ t("ledger_up") }}</button></div></header>
      <p v-if="failed" class="quiet" role="alert">{{ t("failed") }}</p>
      <p v-else-if="!found" class="quiet">{{ t("loading") }}</p>
      <template v-else>
        <Sums :own="found.own" :children="found.children" @go="down" />
        <p class="files"><a v-for="[label, path] in sheets" :key="label" :href="file(path)" download>{{ t(label) }}</a></p>
        <Stages v-if="tables" :tables="tables" :stages="found.stages" :late="late.own" :now="found.at" @turn="$emit('turn', $event)" />
      </template>
      <div class="halves"><Reports :region="named" /><Draft :region="named" /><Files :region="named" /><Imports @changed="look" /></div>
    </section>`,
};
