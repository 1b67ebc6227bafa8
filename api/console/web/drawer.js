// The drawer that says why: a modal dialog, so that Esc, focus and screen readers work as people expect.
import { speech } from "./words.js";
import { call } from "./links.js";
import Helper from "./helper.js";
import Life from "./life.js";
import Match from "./match.js";
import Post from "./post.js";
import Refusal from "./refusal.js";
import Step from "./step.js";

export default {
  mixins: [speech],
  components: { Helper, Life, Match, Post, Refusal, Step },
  props: { kind: String, id: String, answer: Object, decline: Object, region: String, hasNewer: Boolean, hasOlder: Boolean, tables: Array, lives: String },
  emits: ["close", "step", "open", "ask", "changed", "began", "tables"],
  data: () => ({ titles: { assignment: "why", demand: "why_not", resource: "helper", post: "post", life: "affair", begin: "affair" } }),
  computed: {
    /** The table of the life shown, or of the list from which one is begun. */
    table() {
      const kind = this.kind === "life" ? this.id.split("/")[0] : this.lives;
      return this.tables?.find((table) => table.kind === kind) ?? (this.kind === "begin" ? this.tables?.[0] : undefined);
    },
    birth() {
      return this.table?.moves.find((move) => move.action === this.id);
    },
    asksServer() {
      return !["post", "life", "begin"].includes(this.kind);
    },
  },
  watch: {
    kind() {
      this.$refs.title.focus();
    },
  },
  mounted() {
    this.$refs.dialog.showModal();
    this.$refs.title.focus();
    if (this.kind === "life" && !this.tables) this.tell();
  },
  methods: {
    async tell() {
      const { said } = await call("lifecycles");
      if (said) this.$emit("tables", said.tables);
    },
    /** A click on the backdrop hits the dialog element itself. */
    outside(event) {
      if (event.target === this.$refs.dialog) this.$refs.dialog.close();
    },
    /** Arrows step from match to match; in a form they are the form's. */
    arrow(event, by) {
      if (this.kind !== "assignment") return;
      event.preventDefault();
      this.step(by);
    },
    step(by) {
      if (by < 0 ? this.hasNewer : this.hasOlder) this.$emit("step", by);
    },
  },
  template: `
    <dialog ref="dialog" class="drawer" aria-labelledby="why-title" @close="$emit('close')" @click="outside"
            @keydown.left="arrow($event, -1)" @keydown.right="arrow($event, 1)">
      <div class="sheet">
        <header class="head">
          <h2 id="why-title" ref="title" tabindex="-1">{{ t(titles[kind]) }}</h2>
          <div v-if="kind === 'assignment'" class="tools">
            <button type="button" class="plain" data-test="newer" :disabled="!hasNewer" :aria-label="t('newer')" @click="step(-1)">←</button>
            <button type="button" class="plain" data-test="older" :disabled="!hasOlder" :aria-label="t('older')" @click="step(1)">→</button>
          </div>
          <button type="button" class="plain" data-test="close" :aria-label="t('close')" @click="$refs.dialog.close()">✕</button>
        </header>
        <div class="scroll" :aria-busy="!answer && asksServer" tabindex="-1">
          <Post v-if="kind === 'post'" :region="region" @open="$emit('open', 'demand', $event)" />
          <Life v-else-if="kind === 'life' && table" :table="table" :id="id.slice(table.kind.length + 1)" @changed="$emit('changed')" />
          <Step v-else-if="kind === 'begin' && birth" :move="birth" :path="table.plural + (table.moves.find((move) => !move.sources.length) === birth ? '' : ':' + birth.action)"
                :community="region" @done="$emit('began', $event)" @cancel="$refs.dialog.close()" />
          <p v-else-if="!answer" class="quiet">{{ t("loading") }}</p>
          <p v-else-if="answer.missing" class="quiet">{{ t(answer.missing) }}</p>
          <Match v-else-if="kind === 'assignment'" :answer="answer" :decline="decline" @open="(kind, id) => $emit('open', kind, id)" @ask="(what, id) => $emit('ask', what, id)" />
          <Helper v-else-if="kind === 'resource'" :answer="answer" @open="$emit('open', 'demand', $event)" />
          <Refusal v-else :answer="answer" />
        </div>
      </div>
    </dialog>`,
};
