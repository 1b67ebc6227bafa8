// The drawer that says why: a modal dialog, so that Esc, focus and screen readers work as people expect.
import { speech } from "./words.js";
import Helper from "./helper.js";
import Match from "./match.js";
import Post from "./post.js";
import Refusal from "./refusal.js";

export default {
  mixins: [speech],
  components: { Helper, Match, Post, Refusal },
  props: { kind: String, answer: Object, decline: Object, region: String, hasNewer: Boolean, hasOlder: Boolean },
  emits: ["close", "step", "open", "ask"],
  data: () => ({ titles: { assignment: "why", demand: "why_not", resource: "helper", post: "post" } }),
  watch: {
    kind() {
      this.$refs.title.focus();
    },
  },
  mounted() {
    this.$refs.dialog.showModal();
    this.$refs.title.focus();
  },
  methods: {
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
        <div class="scroll" :aria-busy="!answer && kind !== 'post'" tabindex="-1">
          <Post v-if="kind === 'post'" :region="region" @open="$emit('open', 'demand', $event)" />
          <p v-else-if="!answer" class="quiet">{{ t("loading") }}</p>
          <p v-else-if="answer.missing" class="quiet">{{ t(answer.missing) }}</p>
          <Match v-else-if="kind === 'assignment'" :answer="answer" :decline="decline" @open="(kind, id) => $emit('open', kind, id)" @ask="(what, id) => $emit('ask', what, id)" />
          <Helper v-else-if="kind === 'resource'" :answer="answer" @open="$emit('open', 'demand', $event)" />
          <Refusal v-else :answer="answer" />
        </div>
      </div>
    </dialog>`,
};
