// Items of the catalogue that a text may mean, as buttons, while it is typed; each says which words spoke for it.
import { speech, words } from "./words.js";
import { call } from "./links.js";

const PAUSE_MS = 250; // after the last key
const SHORTEST = 2; // characters that can mean something
const SHOWN = 4;
const TOLD = 2; // words on a button; all of them are in its tooltip

export default {
  mixins: [speech],
  props: { text: String, chosen: Array, token: String },
  emits: ["choose"],
  data: () => ({ words, found: null, told: TOLD }),
  watch: { text: "later", token: "later" },
  beforeUnmount() {
    clearTimeout(this.pause);
    this.asked?.abort();
  },
  methods: {
    later() {
      clearTimeout(this.pause);
      this.asked?.abort();
      this.pause = setTimeout(this.look, PAUSE_MS);
    },
    async look() {
      const text = this.text.trim();
      if (text.length < SHORTEST) {
        this.found = null;
        return;
      }
      this.asked = new AbortController();
      const body = { text, limit: SHOWN };
      const { said } = await call("catalogue:suggest", { body, token: this.token, signal: this.asked.signal });
      if (said) this.found = said.items;
    },
    /** From the text down to the buttons; between them left and right. */
    enter() {
      this.$el.querySelector("button")?.focus();
    },
    step(event, by) {
      const buttons = [...this.$el.querySelectorAll("button")];
      buttons[(buttons.indexOf(event.target) + by + buttons.length) % buttons.length].focus();
    },
  },
  template: `
    <div class="suggest" role="group" :aria-label="t('may_be')" aria-live="polite" data-test="suggest"
         @keydown.right.prevent="step($event, 1)" @keydown.left.prevent="step($event, -1)">
      <template v-if="found?.length">
        <span class="quiet-inline">{{ t("may_be") }}</span>
        <button v-for="each in found" :key="each.item" type="button" class="plain" :data-suggest="each.item"
                :aria-pressed="chosen.includes(each.item)" :title="each.messages[words.language]" @click="$emit('choose', each.item)">
          {{ itemName(each.item) }} <small>{{ each.words.slice(0, told).join(" · ") }}</small></button>
      </template>
      <span v-else-if="found" class="quiet-inline" data-test="suggest-none">{{ t("may_be_none") }}</span>
    </div>`,
};
