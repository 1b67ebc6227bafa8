// The drawer that says why: a modal dialog, so that Esc, focus and screen readers work as people expect.
import { speech } from "./words.js";
import Match from "./match.js";
import Refusal from "./refusal.js";

export default {
  mixins: [speech],
  components: { Match, Refusal },
  props: { kind: String, answer: Object, hasNewer: Boolean, hasOlder: Boolean },
  emits: ["close", "step"],
  mounted() {
    this.$refs.dialog.showModal();
    this.$refs.title.focus();
  },
  methods: {
    /** A click on the backdrop hits the dialog element itself. */
    outside(event) {
      if (event.target === this.$refs.dialog) this.$refs.dialog.close();
    },
    step(by) {
      if (by < 0 ? this.hasNewer : this.hasOlder) this.$emit("step", by);
    },
  },
  template: `
    <dialog ref="dialog" class="drawer" aria-labelledby="why-title" @close="$emit('close')" @click="outside"
            @keydown.left.prevent="step(-1)" @keydown.right.prevent="step(1)">
      <div class="sheet">
        <header class="head">
          <h2 id="why-title" ref="title" tabindex="-1">{{ t(kind === "demand" ? "why_not" : "why") }}</h2>
          <div v-if="kind === 'assignment'" class="tools">
            <button type="button" class="plain" data-test="newer" :disabled="!hasNewer" :aria-label="t('newer')" @click="step(-1)">←</button>
            <button type="button" class="plain" data-test="older" :disabled="!hasOlder" :aria-label="t('older')" @click="step(1)">→</button>
          </div>
          <button type="button" class="plain" data-test="close" :aria-label="t('close')" @click="$refs.dialog.close()">✕</button>
        </header>
        <div class="scroll" :aria-busy="!answer" tabindex="-1">
          <p v-if="!answer" class="quiet">{{ t("loading") }}</p>
          <p v-else-if="answer.missing" class="quiet">{{ t(answer.missing) }}</p>
          <Match v-else-if="kind === 'assignment'" :answer="answer" />
          <Refusal v-else :answer="answer" />
        </div>
      </div>
    </dialog>`,
};
