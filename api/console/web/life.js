// One life in the drawer: what it is, what may be done now, and every step so far with how long each stage took.
import { api, call } from "./links.js";
import { speech, words } from "./words.js";
import Step from "./step.js";
import Twins from "./twins.js";

/** Which kinds print themselves, and under what name. */
const PRINTED = { project: "service-book", agreement: "document" };
const UNREADABLE = new Set(["digest", "salt"]);
const OURS = new Set(["id", "step", "state", "community", "title", "opened_by", "opened_at", "since", "resumes", "due"]);

export default {
  mixins: [speech],
  components: { Step, Twins },
  props: { table: Object, id: String },
  emits: ["changed"],
  data: () => ({ words, PRINTED, found: null, missing: false, move: null, preset: null, twins: [] }),
  computed: {
    path() {
      return `${this.table.plural}/${this.id}`;
    },
    state() {
      return this.table.states.find((state) => state.name === this.found.life.state);
    },
    /** What a person may do now; for some of it the house takes a step that needs a digest. */
    moves() {
      return this.table.moves.filter((move) => !move.by_program && this.found.possible.includes(move.takes ?? move.action));
    },
    rows() {
      return Object.entries(this.found.life).filter(([name, value]) => !OURS.has(name) && this.says(value));
    },
    stages() {
      const total = this.found.history.reduce((sum, step) => sum + (step.before !== step.after ? step.stayed_s ?? 0 : 0), 0) || 1;
      return this.found.history
        .filter((step) => step.before && step.before !== step.after)
        .map((step) => ({ name: this.stateName(step.before), s: step.stayed_s, share: (100 * step.stayed_s) / total }));
    },
  },
  watch: {
    id: { immediate: true, handler: "look" },
  },
  methods: {
    /** Whether a value says anything: not nothing, "", no, or an empty list or group. */
    says: (value) => !!value && !(typeof value === "object" && !Object.keys(value).length),
    async look() {
      this.move = null;
      const { said } = await call(this.path);
      this.found = said ?? null;
      this.missing = !said;
      this.twins = this.found?.possible.includes("merge") ? ((await call(`${this.path}/duplicates`)).said?.duplicates ?? []) : [];
    },
    /** Take a step; `preset` is what is filled in already. */
    take(move, preset = null) {
      [this.move, this.preset] = [move, preset];
    },
    merge(into) {
      this.take(this.moves.find((move) => move.action === "merge"), { into });
    },
    async done() {
      await this.look();
      this.$emit("changed");
    },
    field(name) {
      const key = `field_${name}`;
      return this.t(key) === key ? name.replaceAll("_", " ") : this.t(key);
    },
    stateName(name) {
      return this.table.states.find((state) => state.name === name)?.messages[words.language] ?? name;
    },
    moveName(action) {
      return this.table.moves.find((move) => move.action === action)?.messages[words.language] ?? action;
    },
    shown(value) {
      if (typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value)) return this.moment(Date.parse(value));
      if (Array.isArray(value)) return value.map(this.shown).join(words.language === "zh" ? "；" : "; ");
      if (value && typeof value === "object") return Object.entries(value).filter(([name, part]) => this.says(part) && !UNREADABLE.has(name)).map(([name, part]) => `${this.field(name)} ${this.shown(part)}`).join(" · ");
      const key = `word_${value}`;
      return this.t(key) === key ? String(value) : this.t(key);
    },
    time: (text) => Date.parse(text),
    printed(form) {
      return api(`${this.path}/${PRINTED[this.table.kind]}.${form}?lang=${words.language}`);
    },
  },
  template: `
    <p v-if="missing" class="quiet">{{ t("not_found") }}</p>
    <p v-else-if="!found" class="quiet">{{ t("loading") }}</p>
    <div v-else class="why life" data-test="life" :data-state="found.life.state">
      <p class="about"><b>{{ found.life.title }}</b></p>
      <p class="stands"><span class="fate" :data-open="found.is_open">{{ state.messages[words.language] }}</span>
        <span class="quiet-inline">{{ t("since", { time: moment(time(found.life.since)) }) }}</span>
        <b v-if="found.due_at" class="urgency">{{ t("due_by", { time: moment(time(found.due_at)) }) }}</b></p>
      <p v-if="table.kind in PRINTED" class="printed" data-test="printed"><span class="quiet-inline">{{ t(table.kind === "project" ? "service_book" : "agreement_document") }}</span>
        <a v-for="form in ['docx', 'pdf']" :key="form" :href="printed(form)" download>{{ form.toUpperCase() }}</a></p>
      <dl class="facts"><template v-for="[name, value] in rows" :key="name"><dt>{{ field(name) }}</dt><dd>{{ shown(value) }}</dd></template></dl>
      <Twins :found="twins" :merges="true" @merge="merge" />
      <section v-if="moves.length" aria-labelledby="moves-title"><h4 id="moves-title">{{ t("possible_now") }}</h4>
        <div class="moves"><button v-for="each in moves" :key="each.action" type="button" class="plain" :data-move="each.action" :aria-pressed="move === each" @click="take(each)">{{ each.messages[words.language] }}</button></div>
        <Step v-if="move" :move="move" :path="path + ':' + move.action" :community="found.life.community" :preset="preset" @done="done" @cancel="move = null" /></section>
      <section v-if="stages.length" aria-labelledby="stages-title"><h4 id="stages-title">{{ t("stages") }}</h4>
        <ul class="stages"><li v-for="(stage, i) in stages" :key="i"><span>{{ stage.name }}</span><span class="track"><i :style="{ width: stage.share + '%' }"></i></span><small>{{ duration(stage.s) }}</small></li></ul></section>
      <section aria-labelledby="steps-title"><h4 id="steps-title">{{ t("steps") }}</h4>
        <ol class="way" data-test="steps"><li v-for="step in [...found.history].reverse()" :key="step.step">
          <b>{{ moveName(step.action) }}</b> <time>{{ moment(time(step.at)) }}</time>
          <p class="quiet-inline">{{ step.by }}<template v-if="says(step.said.reason)"> · {{ step.said.reason }}</template></p></li></ol></section>
    </div>`,
};
