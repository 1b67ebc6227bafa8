// Imports of before, the newest first: what came of them, and their undo once somebody has said so twice.
import { access, call, drawn } from "./links.js";
import { speech, words } from "./words.js";
import Told from "./told.js";

export default {
  mixins: [speech],
  components: { Told },
  props: { imported: Number },
  emits: ["undone"],
  data: () => ({ words, rows: null, cursor: null, sure: "", looked: "", report: null, problem: null, busy: false }),
  watch: { imported: "look" },
  mounted() {
    this.look();
  },
  methods: {
    async look() {
      this.rows = null;
      this.cursor = null;
      await this.more();
    },
    async more() {
      const { said } = await call(`imports?limit=5${this.cursor ? `&cursor=${encodeURIComponent(this.cursor)}` : ""}`);
      if (said) [this.rows, this.cursor] = [[...(this.rows ?? []), ...said.rows], said.next_cursor];
    },
    async open(id) {
      [this.sure, this.problem] = ["", null];
      if (this.looked === id) {
        this.looked = "";
        return;
      }
      [this.looked, this.report] = [id, null];
      const { said, problem } = await call(`imports/${id}`);
      if (this.looked === id) [this.report, this.problem] = [said ?? null, problem ?? null];
    },
    async undo(row) {
      const id = row.import_id;
      if (this.sure !== id) {
        this.sure = id;
        return;
      }
      [this.busy, this.problem] = [true, null];
      const { said, problem } = await call(`imports/${id}:undo`, { body: {}, token: access.token, key: drawn() });
      [this.busy, this.sure] = [false, ""];
      if (problem?.code === "unauthorized") access.needed = true;
      [this.looked, this.report] = [id, said ?? null];
      if (said) {
        Object.assign(row, { undone_at: said.undone_at, undone: said.undone, kept: said.kept });
        this.$emit("undone");
      } else this.problem = problem ?? { messages: { zh: this.t("lost"), en: this.t("lost") } };
    },
    when: (row) => Date.parse(row.created_at),
  },
  template: `
    <div class="past" data-test="past">
      <h3>{{ t("past_imports") }}</h3>
      <p v-if="!rows" class="quiet-inline">{{ t("loading") }}</p>
      <p v-else-if="!rows.length" class="quiet-inline">{{ t("past_none") }}</p>
      <table v-else class="grid">
        <thead><tr><th scope="col">{{ t("past_when") }}</th><th scope="col">{{ t("list") }}</th><th scope="col">{{ t("past_rows") }}</th><td></td></tr></thead>
        <tbody><template v-for="row in rows" :key="row.import_id"><tr :data-import="row.import_id">
          <th scope="row">{{ moment(when(row)) }}</th><td>{{ t("list_" + row.kind) }}</td>
          <td>{{ row.undone_at ? t("rows_undone", { count: number(row.undone) }) : t("rows_posted", { count: number(row.posted) }) }}<small v-if="row.kept"> · {{ t("rows_kept", { count: number(row.kept) }) }}</small></td>
          <td><button type="button" class="plain" data-test="look" :aria-expanded="looked === row.import_id" :aria-label="t('past_report_of', { time: moment(when(row)) })" @click="open(row.import_id)">{{ t("past_report") }}</button>
            <button v-if="row.posted && !row.undone_at" type="button" class="plain" :class="{ strong: sure === row.import_id }" data-test="undo" :disabled="busy" @blur="sure = ''"
                    :aria-label="sure === row.import_id ? undefined : t('undo_of', { time: moment(when(row)) })" @click="undo(row)">
              {{ sure === row.import_id ? t("undo_sure", { count: number(row.posted) }) : t("undo") }}</button></td></tr>
          <tr v-if="looked === row.import_id"><td colspan="4" role="status"><Told v-if="report" :report="report" />
            <b v-else-if="problem" class="bad" role="alert">{{ problem.messages?.[words.language] }}</b><span v-else class="quiet-inline">{{ t("loading") }}</span></td></tr></template></tbody>
      </table>
      <button v-if="cursor" type="button" class="link" @click="more">{{ t("show_more") }}</button>
    </div>`,
};
