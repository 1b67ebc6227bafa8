// Taking a step, or beginning a life: the form of its table, sent to its address.
import { access, call, drawn } from "./links.js";
import { speech, words } from "./words.js";
import Asked, { nothing, plain, told } from "./asked.js";
import Parties, { kindOf, recent, remember } from "./parties.js";
import Suggest from "./suggest.js";

export default {
  mixins: [speech],
  components: { Asked, Parties, Suggest },
  props: { move: Object, path: String, community: String, preset: Object },
  emits: ["done", "cancel"],
  data: () => ({ words, access, value: {}, problem: null, busy: false }),
  computed: {
    /** What was written, where the form also asks for items of the catalogue. */
    text() {
      const { title, detail, lines, item } = this.value;
      return title !== undefined && (lines ?? item) !== undefined ? [title, detail].filter(Boolean).join(" ") : null;
    },
    chosen() {
      return this.value.lines?.map(({ item }) => item) ?? [this.value.item];
    },
    lacks() {
      return this.problem?.errors?.map((error) => `${error.pointer}: ${error.messages[words.language]}`) ?? [];
    },
  },
  watch: {
    path: { immediate: true, handler: "begin" }, // not the move: that is told anew every few seconds, and nobody starts again
    preset: "begin",
  },
  methods: {
    begin() {
      this.problem = null;
      this.key = drawn();
      this.value = nothing(this.move.form, this.move.form);
      Object.assign(this.value, this.preset);
      if ("by" in this.value) this.value.by = this.usual();
      if ("community" in this.value && this.community.length === 12) this.value.community = this.community;
    },
    /** Who acts is asked once and then remembered: the last one of a kind that may. */
    usual() {
      return recent().find((party) => !this.move.by.length || this.move.by.includes(kindOf(party))) ?? "";
    },
    /** An item that the words may mean: into the first line that has none, or a line of its own. */
    choose(item) {
      const { lines } = this.value;
      if (this.chosen.includes(item)) return;
      if (!lines) {
        this.value = { ...this.value, item };
        return;
      }
      const place = lines.findIndex((line) => !line.item);
      const of = plain(this.move.form.properties.lines, this.move.form).items;
      const line = { ...(lines[place] ?? nothing(of, this.move.form)), item };
      this.value = { ...this.value, lines: place < 0 ? [...lines, line] : lines.map((each, i) => (i === place ? line : each)) };
    },
    async send() {
      if (this.busy) return;
      this.busy = true;
      const body = told(this.value, this.move.form, this.move.form) ?? {};
      const { said, problem } = await call(this.path, { body, token: access.token, key: this.key });
      this.busy = false;
      if (problem?.code === "unauthorized") access.needed = true;
      if (!said) {
        this.problem = problem ?? { messages: { zh: this.t("lost"), en: this.t("lost") } };
        this.key = drawn();
        return;
      }
      remember(body.by);
      this.$emit("done", said.id);
    },
  },
  template: `
    <form class="why post step" data-test="step-form" @submit.prevent="send">
      <h4>{{ move.messages[words.language] }}</h4>
      <p v-if="move.by.length" class="quiet-inline">{{ t("step_by", { who: listed(move.by.map((kind) => t("by_" + kind))) }) }}</p>
      <p v-if="move.takes" class="quiet-inline">{{ t("sealed_until") }}</p>
      <Suggest v-if="text !== null" :text="text" :chosen="chosen" :token="access.token" @choose="choose" />
      <Parties :place="community" :may="move.by" />
      <Asked :schema="move.form" :root="move.form" name="" :value="value" :required="true" @said="(now) => (value = now)" />
      <label v-if="access.needed">{{ t("token") }}<input v-model="access.token" type="password" autocomplete="off"></label>
      <div v-if="problem" class="problem" role="alert" data-test="step-problem"><b>{{ problem.messages?.[words.language] }}</b>
        <p v-for="lack in lacks" :key="lack" class="quiet-inline">{{ lack }}</p></div>
      <div class="moves"><button type="submit" class="plain strong" data-test="step-send" :disabled="busy">{{ move.messages[words.language] }}</button>
        <button type="button" class="plain" @click="$emit('cancel')">{{ t("cancel") }}</button></div>
    </form>`,
};
