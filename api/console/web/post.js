// Posting a demand, with its odds while the form is filled in: each is one insertion into the round as it stands.
import { speech, words } from "./words.js";
import { call, drawn } from "./links.js";

const PAUSE_MS = 300; // after the last key
const LONGEST = 12; // digits of a community

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
  props: { region: String },
  emits: ["open"],
  data: () => ({
    words,
    steps: [], // the way down to the community: { code, chosen, children }
    community: "",
    form: { item: "", quantity: 1, siblings: true, together: false, title: "", start: tomorrow(9), end: tomorrow(17), minutes: 60, urgency: "normal" },
    odds: null,
    problem: null,
    token: "",
    wantsToken: false,
    stale: false, // the odds shown are of an earlier form
    busy: false,
    posted: "",
  }),
  computed: {
    groups() {
      const groups = Object.keys(words.names.categories).map((id) => ({ id, items: [] }));
      const of = new Map(groups.map((group) => [group.id, group]));
      for (const id of Object.keys(words.names.items)) of.get(id.split(".")[0])?.items.push(id);
      return groups.filter((group) => group.items.length);
    },
    complete() {
      const { item, quantity, start, end, minutes } = this.form;
      return !!item && this.community.length === LONGEST && quantity >= 1 && minutes >= 1 && start < end;
    },
    body() {
      const { item, quantity, siblings, together, title, start, end, minutes, urgency } = this.form;
      return {
        requester: `community:${this.community}`,
        title: title || this.itemName(item),
        lines: [{ item, quantity, siblings, together }],
        community: this.community,
        window: { start: new Date(start).toISOString(), end: new Date(end).toISOString() },
        duration_minutes: minutes,
        urgency,
      };
    },
    line() {
      return this.odds?.preview.lines[0];
    },
    rules() {
      return this.line.served < this.line.asked ? Object.entries(this.line.failing).sort((a, b) => b[1] - a[1]) : [];
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
        this.stale = false;
        return;
      }
      this.asked = new AbortController();
      const { said, problem } = await call("demands:preview", { body: this.body, token: this.token, signal: this.asked.signal });
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
      if (patch.lines) Object.assign(this.form, { item: patch.lines[0].item, quantity: patch.lines[0].quantity, siblings: patch.lines[0].siblings });
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
      <label>{{ t("item") }}
        <select v-model="form.item" required data-test="post-item">
          <option value="" disabled>{{ t("choose") }}</option>
          <optgroup v-for="group in groups" :key="group.id" :label="categoryName(group.id)">
            <option v-for="item in group.items" :key="item" :value="item">{{ itemName(item) }}</option>
          </optgroup>
        </select></label>
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
        <label>{{ t("seats") }}<input v-model.number="form.quantity" type="number" min="1" max="50" required data-test="post-quantity"></label>
        <label>{{ t("minutes") }}<input v-model.number="form.minutes" type="number" min="5" max="1440" step="5" required></label>
        <label>{{ t("urgency") }}
          <select v-model="form.urgency" data-test="post-urgency">
            <option v-for="level in ['normal', 'urgent', 'whistle', 'emergency']" :key="level" :value="level">{{ t(level) }}</option>
          </select></label>
      </div>
      <label class="tick"><input v-model="form.siblings" type="checkbox"> {{ t("siblings_do") }}</label>
      <label class="tick"><input v-model="form.together" type="checkbox" data-test="post-together"> {{ t("together") }}</label>
      <label>{{ t("title_of") }}<input v-model="form.title" maxlength="80" autocomplete="off" :placeholder="form.item && itemName(form.item)"></label>
      <label v-if="wantsToken">{{ t("token") }}<input v-model="token" type="password" autocomplete="off"></label>

      <section class="odds" :class="{ stale }" :aria-busy="stale" aria-live="polite" data-test="odds">
        <h4>{{ t("odds") }}</h4>
        <p v-if="problem" class="bad" data-test="post-problem">{{ problem.messages[words.language] }}
          <span v-for="error in problem.errors ?? []" :key="error.pointer"> {{ error.messages[words.language] }}</span></p>
        <p v-else-if="!odds" class="quiet-inline">{{ t("odds_when") }}</p>
        <template v-else>
          <p data-test="odds-text"><b>{{ odds.messages[words.language] }}</b></p>
          <p v-if="line.starts_at" class="quiet-inline">{{ t("earliest", { time: moment(Date.parse(line.starts_at)) }) }}</p>
          <p v-if="line.price" class="quiet-inline">{{ t("price_of_it", { points: number(line.price) }) }}</p>
          <template v-if="rules.length">
            <p class="quiet-inline">{{ t("considered", { count: number(line.considered) }) }}</p>
            <ul class="rules"><li v-for="[rule, count] in rules" :key="rule" :data-rule="rule">
              <span class="name">{{ t("rule_" + rule) }}</span>
              <span class="track" aria-hidden="true"><i class="filled" :style="{ width: (100 * count) / line.considered + '%' }"></i></span>
              <span class="n">{{ number(count) }}</span></li></ul>
          </template>
          <div v-if="odds.remedies.length" class="remedies">
            <p><b>{{ t("remedies") }}</b></p>
            <ol><li v-for="remedy in odds.remedies" :key="remedy.messages.en">
              <button type="button" class="link" :data-remedy="remedy.remedy.kind" @click="apply(remedy)">{{ remedy.messages[words.language] }}</button></li></ol>
          </div>
          <p v-if="!odds.preview.exact" class="quiet-inline">{{ t("about") }}</p>
        </template>
      </section>
      <p v-if="posted" role="status" data-test="posted">{{ t("posted_as", { id: posted }) }}
        <button type="button" class="link" @click="$emit('open', posted)">{{ t("why_not") }}</button></p>
      <button v-else type="submit" class="plain strong" data-test="post-send" :disabled="!complete || busy">{{ t("post") }}</button>
    </form>`,
};
