// Posting a demand, with its odds while the form is filled in: each is one insertion into the round as it stands.
import { speech, words } from "./words.js";
import { call, drawn } from "./links.js";
import Asking, { MOST_LINES, blank, isBundle, linesOf } from "./asking.js";
import Odds from "./odds.js";
import Suggest from "./suggest.js";
import Twins from "./twins.js";

const PAUSE_MS = 300; // after the last key
const LONGEST = 12; // digits of a community
const TITLE = 80; // characters

/** What <input type="datetime-local"> shows: the reader's own time, to the minute. */
const local = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);

function tomorrow(hour) {
  const date = new Date();
  date.setDate(date.getDate() + 1);
  date.setHours(hour, 0, 0, 0);
  return local(date);
}

export default {
  mixins: [speech],
  components: { Asking, Odds, Suggest, Twins },
  props: { region: String },
  emits: ["open"],
  data: () => ({
    words,
    longest: TITLE,
    steps: [], // the way down to the community: { code, chosen, children }
    community: "",
    form: { lines: [blank()], bundle: false, title: "", start: tomorrow(9), end: tomorrow(17), minutes: 60, urgency: "normal" },
    odds: null,
    twins: [],
    problem: null,
    token: "",
    wantsToken: false,
    stale: false, // the odds shown are of an earlier form
    busy: false,
    posted: "",
  }),
  computed: {
    /** What it is called, where nobody says otherwise. */
    usualTitle() {
      const items = [...new Set(this.form.lines.map(({ item }) => item))].filter(Boolean);
      return items.map(this.itemName).join(this.t("and")).slice(0, TITLE);
    },
    chosen() {
      return this.form.lines.map(({ item }) => item);
    },
    complete() {
      const { lines, start, end, minutes } = this.form;
      const named = lines.every(({ item, quantity }) => item && quantity >= 1);
      return named && this.community.length === LONGEST && minutes >= 1 && start < end;
    },
    body() {
      const { title, start, end, minutes, urgency } = this.form;
      return {
        requester: `community:${this.community}`,
        title: title || this.usualTitle,
        lines: linesOf(this.form),
        bundle: isBundle(this.form),
        community: this.community,
        window: { start: new Date(start).toISOString(), end: new Date(end).toISOString() },
        duration_minutes: minutes,
        urgency,
      };
    },
  },
  watch: {
    form: { deep: true, handler: "later" },
    community: "later",
    /** The page may learn where it is after the form is opened. */
    region(region) {
      if (!this.community) this.descend(region, 0);
    },
    "words.language": "later",
    token: "later",
  },
  mounted() {
    this.descend(this.region, 0);
  },
  beforeUnmount() {
    clearTimeout(this.pause);
    this.asked?.abort();
  },
  methods: {
    /** Show what lies below a region; a community ends the way. */
    async descend(code, depth) {
      this.steps = this.steps.slice(0, depth);
      this.community = code.length === LONGEST ? code : "";
      const way = (this.way = (this.way ?? 0) + 1);
      if (code.length === LONGEST && depth) return;
      const { said } = await call(code ? `regions/${code}` : "regions?limit=100");
      if (way !== this.way) return; // another way was taken meanwhile
      const children = said?.children ?? said ?? [];
      if (children.length) this.steps.push({ code, chosen: "", children });
      else if (said) this.steps.push({ code, chosen: code, children: [{ code, name: said.name }] });
    },
    choose(depth) {
      this.descend(this.steps[depth].chosen, depth + 1);
    },
    /** An item that the title may mean: into a line that has none yet, or the only one; else it is one line more. */
    take(item) {
      const { lines } = this.form;
      if (this.chosen.includes(item)) return;
      const line = lines.find((each) => !each.item) ?? (lines.length === 1 ? lines[0] : null);
      if (line) line.item = item;
      else if (lines.length < MOST_LINES) lines.push({ ...blank(), item });
    },
    later() {
      clearTimeout(this.pause);
      this.posted = "";
      this.stale = true;
      this.pause = setTimeout(this.preview, PAUSE_MS);
    },
    async preview() {
      this.asked?.abort();
      if (!this.complete) {
        this.odds = this.problem = null;
        this.twins = [];
        this.stale = false;
        return;
      }
      this.asked = new AbortController();
      const how = { body: this.body, token: this.token, signal: this.asked.signal };
      call("demands:duplicates", how).then(({ said }) => said && (this.twins = said.duplicates));
      const { said, problem } = await call("demands:preview", how);
      if (said) [this.odds, this.problem, this.stale] = [said, null, false];
      else if (problem) this.refused(problem);
    },
    refused(problem) {
      this.wantsToken ||= problem.status === 401;
      [this.odds, this.problem, this.stale] = [null, problem, false];
    },
    /** Make a change that was suggested: its patch says which fields. */
    async apply({ patch }) {
      if (patch.window) {
        this.form.start = local(new Date(patch.window.start));
        this.form.end = local(new Date(patch.window.end));
      }
      if (patch.bundle != null) this.form.bundle = patch.bundle;
      if (patch.lines) this.form.lines = patch.lines.map((line) => ({ ...blank(), ...line }));
      if (patch.urgency) this.form.urgency = patch.urgency;
      if (patch.community) {
        await this.descend(patch.community.slice(0, 9), 0);
        if (this.steps[0]) this.steps[0].chosen = patch.community;
        this.community = patch.community;
      }
    },
    async post() {
      if (!this.complete || this.busy) return;
      this.busy = true;
      const body = this.body;
      const sent = JSON.stringify(body);
      if (this.sent !== sent) [this.sent, this.key] = [sent, drawn()]; // a second try of the same is not a second demand
      const { said, problem } = await call("demands", { body, token: this.token, key: this.key });
      this.busy = false;
      if (said) this.posted = said.id;
      else if (problem) this.refused(problem);
      else this.problem = { messages: { zh: this.t("lost"), en: this.t("lost") } };
    },
  },
  template: `
    <form class="why post" data-test="post-form" @submit.prevent="post">
      <div class="saying">
        <label>{{ t("title_of") }}<input v-model="form.title" :maxlength="longest" autocomplete="off" :placeholder="usualTitle || t('title_say')"
               data-test="post-title" @keydown.down.prevent="$refs.suggest.enter()"></label>
        <Suggest ref="suggest" :text="form.title" :chosen="chosen" :token="token" @choose="take" />
      </div>
      <Asking :form="form" />
      <label v-for="(step, depth) in steps" :key="step.code">{{ depth ? t("place_within") : t("place") }}
        <select v-model="step.chosen" required data-test="post-place" @change="choose(depth)">
          <option value="" disabled>{{ t("choose") }}</option>
          <option v-for="child in step.children" :key="child.code" :value="child.code">{{ child.name }}</option>
        </select></label>
      <div class="row">
        <label>{{ t("from") }}<input v-model="form.start" type="datetime-local" required data-test="post-start"></label>
        <label>{{ t("until") }}<input v-model="form.end" type="datetime-local" required data-test="post-end"></label>
      </div>
      <div class="row">
        <label>{{ t("minutes") }}<input v-model.number="form.minutes" type="number" min="5" max="1440" step="5" required></label>
        <label>{{ t("urgency") }}
          <select v-model="form.urgency" data-test="post-urgency">
            <option v-for="level in ['normal', 'urgent', 'whistle', 'emergency']" :key="level" :value="level">{{ t(level) }}</option>
          </select></label>
      </div>
      <label v-if="wantsToken">{{ t("token") }}<input v-model="token" type="password" autocomplete="off"></label>

      <Odds :odds="odds" :problem="problem" :stale="stale" @apply="apply" />
      <Twins v-if="!posted" :found="twins" @open="$emit('open', $event)" />
      <p v-if="posted" role="status" data-test="posted">{{ t("posted_as", { id: posted }) }}
        <button type="button" class="link" @click="$emit('open', posted)">{{ t("why_not") }}</button></p>
      <button v-else type="submit" class="plain strong" data-test="post-send" :disabled="!complete || busy">{{ t("post") }}</button>
    </form>`,
};
