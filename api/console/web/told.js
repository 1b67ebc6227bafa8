// What became of the rows of an import, or of its undo: figures, and every row that somebody should look at.
import { speech, words } from "./words.js";

const SHOWN = 100;
const COUNTS = ["valid", "posted", "undone", "unchanged", "kept", "refused"];
const BAD = new Set(["kept", "refused"]);

export default {
  mixins: [speech],
  props: { report: Object },
  data: () => ({ words, BAD }),
  computed: {
    counts() {
      return COUNTS.filter((name) => this.report[name]);
    },
    /** Each fault and each warning with its row; the rest went as it should. */
    said() {
      return this.report.rows.flatMap(({ row, faults = [], warnings = [], fault }) =>
        [...faults, ...warnings, ...(fault ? [fault] : [])].map((each) => ({ ...each, row })));
    },
    shown() {
      return this.said.slice(0, SHOWN);
    },
  },
  template: `
    <div data-test="told">
      <p class="tally"><b v-for="name in counts" :key="name" :class="{ bad: BAD.has(name) }" :data-count="name">{{ t("rows_" + name, { count: number(report[name]) }) }}</b></p>
      <p v-if="!said.length" class="quiet-inline">{{ t("rows_all_well") }}</p>
      <div v-else class="report" tabindex="0" role="region" :aria-label="t('rows_caption')"><table class="grid">
        <thead><tr><th scope="col">{{ t("row_no") }}</th><th scope="col">{{ t("row_column") }}</th><th scope="col">{{ t("row_said") }}</th></tr></thead>
        <tbody><tr v-for="(each, i) in shown" :key="i" :data-row="each.row"><th scope="row">{{ number(each.row) }}</th><td>{{ each.column || each.field || "–" }}</td>
          <td>{{ each.messages[words.language] }} <small>{{ each.detail }}</small></td></tr></tbody></table></div>
      <p v-if="said.length > shown.length" class="quiet-inline">{{ t("rows_more", { count: number(said.length - shown.length) }) }}</p>
    </div>`,
};
