// A list from a file: tried first, row by row, and posted when somebody says so; what was imported before, and its undo.
import { access, call, drawn } from "./links.js";
import { LISTS } from "./files.js";
import { speech, words } from "./words.js";
import Past from "./past.js";
import Told from "./told.js";

export default {
  mixins: [speech],
  components: { Past, Told },
  emits: ["changed"],
  data: () => ({ words, access, LISTS, kind: "demands", file: null, report: null, problem: null, busy: "", imported: 0 }),
  methods: {
    /** Another file, or another list: what was said of the last one holds no more. */
    forget() {
      [this.report, this.problem] = [null, null];
    },
    choose(event) {
      this.file = event.target.files[0] ?? null;
      this.forget();
    },
    async send(dryRun) {
      if (this.busy || !this.file) return;
      this.busy = dryRun ? "import_trying" : "importing";
      this.problem = null;
      const body = new FormData();
      body.append("kind", this.kind);
      body.append("dry_run", dryRun);
      body.append("file", this.file);
      const asked = [this.kind, this.file];
      const { said, problem } = await call("imports", { body, token: access.token, key: drawn() });
      this.busy = "";
      if (problem?.code === "unauthorized") access.needed = true;
      if (asked[0] !== this.kind || asked[1] !== this.file) return;
      this.report = said ?? null;
      this.problem = said ? null : (problem ?? { messages: { zh: this.t("lost"), en: this.t("lost") } });
      if (said && !dryRun) {
        this.imported += 1;
        this.$emit("changed");
      }
      await this.$nextTick();
      this.$refs.said?.focus();
    },
  },
  template: `
    <section aria-labelledby="imports-title" data-test="imports">
      <h3 id="imports-title">{{ t("imports") }}</h3>
      <form class="import" :aria-busy="!!busy" @submit.prevent="send(true)">
        <div class="pair"><label>{{ t("import_kind") }}
          <select v-model="kind" name="kind" :disabled="!!busy" @change="forget"><option v-for="each in LISTS" :key="each" :value="each">{{ t("list_" + each) }}</option></select></label>
          <label>{{ t("import_file") }}<input type="file" name="file" accept=".xlsx,.xls,.csv" required :disabled="!!busy" @change="choose"></label></div>
        <label v-if="access.needed">{{ t("token") }}<input v-model="access.token" type="password" autocomplete="off"></label>
        <button type="submit" class="plain" :disabled="!!busy" data-test="try">{{ t("import_try") }}</button>
        <p role="status">{{ busy ? t(busy) : "" }}<progress v-if="busy" :aria-label="t(busy)"></progress></p>
        <p v-if="problem" class="bad" role="alert" data-test="import-problem"><b>{{ problem.messages?.[words.language] }}</b> {{ problem.detail }}</p>
        <div v-if="report" ref="said" tabindex="-1" data-test="import-report" :data-tried="report.dry_run">
          <p>{{ t(report.dry_run ? "import_tried" : "import_done", { total: number(report.total) }) }}</p>
          <Told :report="report" />
        </div>
        <button v-if="report?.dry_run && report.valid" type="button" class="plain strong" data-test="import" :disabled="!!busy" @click="send(false)">{{ t("import_do", { count: number(report.valid) }) }}</button>
      </form>
      <Past :imported="imported" @undone="$emit('changed')" />
    </section>`,
};
