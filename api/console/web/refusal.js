// Why a demand is still open: per line the rule that each resource failed first, or by how much it was outbid.
import { speech, words } from "./words.js";
import { api } from "./links.js";
import Claims from "./claims.js";
import Picking from "./picking.js";
import Way from "./way.js";

export default {
  mixins: [speech],
  components: { Claims, Picking, Way },
  props: { answer: Object },
  data: () => ({ words }),
  computed: {
    lines() {
      return (this.answer.why?.lines ?? []).map((line) => ({
        ...line,
        rules: Object.entries(line.failing)
          .filter(([, count]) => count > 0)
          .sort((a, b) => b[1] - a[1]),
      }));
    },
    /** Lines that stand or fall together share a frame. */
    groups() {
      const teams = this.answer.teams;
      const alone = this.lines.filter((line) => !teams.some((team) => team.lines.includes(line.line)));
      const groups = teams.map((team) => ({ team, lines: this.lines.filter((line) => team.lines.includes(line.line)) }));
      return [...groups, ...alone.map((line) => ({ team: null, lines: [line] }))]
        .filter((group) => group.lines.length)
        .sort((a, b) => a.lines[0].line - b.lines[0].line);
    },
    links() {
      const id = encodeURIComponent(this.answer.id);
      return [
        ["demand", api(`demands/${id}`)],
        ["link_why", api(`demands/${id}/why`)],
      ];
    },
  },
  methods: {
    open: ({ verdict, shard }) => !shard && !["matched", "lapsed", "withdrawn"].includes(verdict),
    /** Where open seats are that were escalated, and for how long. */
    away({ level, shard, seats, since }) {
      const values = { level, shard, seats: this.number(seats), time: this.duration((this.answer.now - since) / 1000) };
      return this.t(shard ? "away_asked" : "away_waiting", values);
    },
    /** The class of seats that is too dear; what would tell on somebody the server leaves out. */
    scarce({ item, place, stretch, sources }) {
      const values = { item: this.itemName(item), place, count: this.number(sources) };
      if (place) values.time = this.span(stretch, stretch + 4 * 3600 * 1000);
      return this.t(place ? "scarce_class" : sources == null ? "scarce_few" : "scarce_item", values);
    },
  },
  template: `
    <article class="why" data-test="why-demand">
      <div class="lead">
        <h3>{{ answer.title }}</h3>
        <p>{{ answer.place }}</p>
        <p class="quiet-inline">{{ t("posted", { time: moment(answer.posted_at) }) }} · {{ t("waited") }} {{ duration(answer.waited_s) }}
          <template v-if="answer.urgency !== 'normal'"> · <b class="urgency">{{ t(answer.urgency) }}</b></template></p>
        <p class="when"><span class="quiet-inline">{{ t("window") }}</span> {{ span(answer.starts_at, answer.ends_at) }}</p>
      </div>
      <p v-if="!answer.why" class="note">{{ t("explainer_busy") }}</p>
      <div v-for="group in groups" :key="group.lines[0].line" :class="group.team ? 'teamed' : 'lone'">
      <p v-if="group.team" class="team-of" data-test="team">{{ teamSaid(group.team) }}</p>
      <section v-for="line in group.lines" :key="line.line" class="line" :data-verdict="line.verdict" :aria-label="itemName(line.item)">
        <h4>{{ itemName(line.item) }} <small>{{ t("asked_filled", { filled: number(line.filled), asked: number(line.asked) }) }}</small></h4>
        <p v-for="seats in line.away" :key="seats.level + seats.shard" data-test="away">{{ away(seats) }}</p>
        <p class="verdict"><b>{{ t("verdict_" + line.verdict) }}</b>
          <span v-if="line.short_by != null" class="short"> · {{ t("short_by", { points: number(line.short_by) }) }}</span>
          <span v-if="line.verdict === 'incomplete'" class="short"> · {{ t("at_best", { count: number(line.at_best) }) }}</span></p>
        <p v-if="line.best_value != null && line.price != null" class="note">
          {{ t("short_say", { best: number(line.best_value), price: number(line.price) }) }}</p>
        <p v-if="line.scarce" class="note" data-test="scarce">{{ scarce(line.scarce) }}</p>
        <p v-if="!['matched', 'elsewhere', 'asked'].includes(line.verdict)" class="quiet-inline">
          {{ line.considered ? t("considered", { count: number(line.considered) }) : t(line.shard ? "considered_none_there" : "considered_none") }}</p>
        <ul v-if="line.rules.length" class="rules">
          <li v-for="[rule, count] in line.rules" :key="rule" :data-rule="rule">
            <span class="name">{{ t("rule_" + rule) }}</span>
            <span class="track" aria-hidden="true"><i class="filled" :style="{ width: (100 * count) / line.considered + '%' }"></i></span>
            <span class="n">{{ number(count) }}</span>
          </li>
        </ul>
        <div v-if="line.remedies?.length" class="remedies" data-test="remedies">
          <p><b>{{ t("remedies") }}</b></p>
          <ol><li v-for="remedy in line.remedies" :key="remedy.en">{{ remedy[words.language] }}</li></ol>
        </div>
        <p v-if="line.untried" class="quiet-inline">{{ t("untried") }}</p>
        <p v-if="line.considered && line.verdict !== 'matched'" class="quiet-inline">{{ t("eligible", { count: number(line.eligible) }) }}</p>
        <Picking v-if="line.considered && open(line)" :demand="answer.id" :line="line" :shard="answer.shard" />
      </section>
      </div>
      <Way :steps="answer.way" />
      <Claims :claims="answer.claims" />
      <p v-if="answer.why" class="quiet-inline">{{ t("as_of_round", { no: number(answer.why.round_no), time: moment(answer.why.at) }) }}</p>
      <p class="links"><span class="quiet-inline">{{ t("links") }}</span>
        <a v-for="[label, url] in links" :key="url" :href="url" target="_blank" rel="noopener">{{ t(label) }}</a></p>
    </article>`,
};
