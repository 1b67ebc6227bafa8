// Escalation: what is with each level now, what came of what reached it in a week, and which demands went up.
import { again } from "./again.js";
import { speech } from "./words.js";

const AGAIN_MS = 5000;
const AGES = ["hour", "day", "days", "older"];
const STATES = ["waiting", "held", "passed_on", "returned", "served", "gone"];

export default {
  mixins: [speech, again("ask", AGAIN_MS)],
  props: { levels: Object, region: String },
  emits: ["ask", "open"],
  data: () => ({ to: "", state: "", AGES, STATES }),
  computed: {
    most() {
      return Math.max(1, ...(this.levels?.levels ?? []).map((level) => this.sum(level.waiting)));
    },
  },
  watch: {
    region() {
      this.to = "";
      this.ask();
    },
  },
  methods: {
    sum: (seats) => seats.reduce((all, count) => all + count, 0),
    ask() {
      this.$emit("ask", { to: this.to, state: this.state });
    },
    choose(shard) {
      this.to = this.to === shard ? "" : shard;
      this.ask();
    },
    said(level) {
      const values = { name: level.name, seats: this.number(this.sum(level.waiting)), demands: this.number(level.demands) };
      return this.t("level_say", { ...values, reached: this.number(level.reached), served: this.number(level.served) });
    },
    since(ms) {
      return this.duration((this.levels.now - ms) / 1000, { brief: true });
    },
  },
  template: `
    <section class="card levels" aria-labelledby="levels-title" data-test="levels">
      <header class="head">
        <h2 id="levels-title">{{ t("way") }}</h2><span class="aside">{{ t("levels_note") }}</span>
        <span class="legend" aria-hidden="true"><template v-for="age in AGES" :key="age"><i class="key" :class="'age-' + age"></i>{{ t("age_" + age) }}</template></span>
      </header>
      <p v-if="!levels" class="quiet">{{ t("loading") }}</p>
      <p v-else-if="levels.failed" class="quiet">{{ t("failed") }}</p>
      <template v-else>
        <p v-if="!levels.levels.length" class="quiet">{{ t("levels_none") }}</p>
        <ul class="stairs">
          <li v-for="level in levels.levels" :key="level.shard">
            <button type="button" class="stair" :data-shard="level.shard" :aria-pressed="to === level.shard" :aria-label="said(level)" @click="choose(level.shard)">
              <span class="name"><small>{{ t("level_" + level.level) }}</small> {{ level.name }}</span>
              <span class="track"><i v-for="(age, i) in AGES" :key="age" :class="'age-' + age" :style="{ width: (100 * level.waiting[i]) / most + '%' }"></i></span>
              <span class="count"><b>{{ number(sum(level.waiting)) }}</b><small v-if="level.posted_at"> · {{ t("oldest", { time: since(level.posted_at) }) }}</small></span>
              <small class="week">{{ t("week", { reached: number(level.reached), served: number(level.served) }) }}</small>
            </button>
          </li>
        </ul>
        <p v-if="levels.left_out" class="quiet-inline stamp">{{ t("levels_left_out", { count: number(levels.left_out) }) }}</p>
        <div class="went">
          <div class="sieve">
            <label><span class="unseen">{{ t("state") }}</span>
              <select v-model="state" data-test="went-state" @change="ask">
                <option value="">{{ t("all_states") }}</option>
                <option v-for="name in STATES" :key="name" :value="name">{{ t("went_" + name) }}</option>
              </select></label>
            <button v-if="to" type="button" class="plain" data-test="went-all" @click="choose(to)">{{ t("all_levels") }}</button>
          </div>
          <p v-if="!levels.rows.length" class="quiet">{{ t("went_none") }}</p>
          <table v-else>
            <caption class="unseen">{{ t("went_caption") }}</caption>
            <thead><tr>
              <th scope="col">{{ t("demand") }}</th><th scope="col">{{ t("went_way") }}</th><th scope="col">{{ t("went_why") }}</th>
              <th scope="col" class="n">{{ t("went_age") }}</th><th scope="col" class="n">{{ t("went_at") }}</th><th scope="col">{{ t("state") }}</th>
            </tr></thead>
            <tbody>
              <tr v-for="row in levels.rows" :key="row.key" :data-went="row.id" :data-state="row.state">
                <th scope="row"><button type="button" aria-haspopup="dialog" @click="$emit('open', row.id)">{{ row.title }}</button>
                  <small>{{ row.place }}<template v-if="row.urgency !== 'normal'"> · <b class="urgency">{{ t(row.urgency) }}</b></template></small></th>
                <td :data-label="t('went_way')">{{ row.from }} → {{ row.to }} <small>{{ t("seats_up", { count: number(row.seats) }) }}</small></td>
                <td :data-label="t('went_why')">{{ t("up_" + row.cause) }}</td>
                <td class="n" :data-label="t('went_age')">{{ row.posted_at ? duration((row.at - row.posted_at) / 1000) : "–" }}</td>
                <td class="n" :data-label="t('went_at')">{{ moment(row.at) }}</td>
                <td :data-label="t('state')"><span class="fate" :data-state="row.state">{{ t("went_" + row.state) }}</span></td>
              </tr>
            </tbody>
          </table>
          <p v-if="levels.more" class="quiet-inline stamp">{{ t("went_more") }}</p>
        </div>
      </template>
    </section>`,
};
