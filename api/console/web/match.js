// Why this resource went to this demand: the parts of the value, the prices, the proof, the history.
import { speech } from "./words.js";
import { api } from "./links.js";
import Decline from "./decline.js";

export default {
  mixins: [speech],
  components: { Decline },
  props: { answer: Object, decline: Object },
  emits: ["open", "ask"],
  computed: {
    lives() {
      return ["proposed", "accepted", "confirmed"].includes(this.answer.state);
    },
    gain() {
      return this.answer.terms.reduce((sum, term) => sum + Math.max(0, term.points), 0) || 1;
    },
    loss() {
      return this.answer.terms.reduce((sum, term) => sum + Math.max(0, -term.points), 0);
    },
    parts() {
      return this.answer.terms.filter((term) => term.points > 0);
    },
    priceSum() {
      return this.answer.prices.line + this.answer.prices.resource;
    },
    links() {
      const { id, shard, round_no } = this.answer;
      return [
        ["link_assignment", api(`assignments/${id}`)],
        ["link_why", api(`assignments/${id}/why`)],
        ["demand", api(`demands/${encodeURIComponent(this.answer.demand.id)}`)],
        ["resource", api(`resources/${encodeURIComponent(this.answer.resource.id)}`)],
        ["link_round", api(`rounds/${shard}/${round_no}`)],
      ];
    },
  },
  methods: {
    say({ term, points }) {
      return this.t(term === "fit" && points < 0 ? "say_fit_sibling" : "say_" + term);
    },
    wide(points) {
      return { width: `${(100 * points) / this.gain}%` };
    },
  },
  template: `
    <article class="why" data-test="why-assignment">
      <div class="lead">
        <h3>{{ itemName(answer.item) }}</h3>
        <p><span class="st" :data-state="answer.state"><i aria-hidden="true"></i>{{ t(answer.state) }}</span>
           <span class="quiet-inline">{{ t("waited") }} {{ duration(answer.waited_s) }}</span></p>
        <p v-if="answer.offered !== answer.item" class="note">{{ t("sibling", { item: itemName(answer.offered) }) }}</p>
      </div>

      <div class="pair">
        <section :aria-label="t('demand')">
          <h4>{{ t("demand") }}</h4>
          <p class="name">{{ answer.demand.title || t("gone") }}</p>
          <p>{{ answer.demand.place }}</p>
          <p class="quiet-inline">{{ t("line_seat", { line: answer.demand.line + 1, seat: answer.demand.seat + 1 }) }}
             <template v-if="answer.demand.urgency && answer.demand.urgency !== 'normal'"> · <b class="urgency">{{ t(answer.demand.urgency) }}</b></template></p>
          <p v-if="answer.demand.posted_at" class="quiet-inline">{{ t("posted", { time: moment(answer.demand.posted_at) }) }}</p>
        </section>
        <section :aria-label="t('resource')">
          <h4>{{ t("resource") }}</h4>
          <p class="name">{{ answer.resource.title || t("gone") }}</p>
          <p>{{ providerName(answer.resource.provider) }}</p>
          <p class="quiet-inline">{{ t("seat", { seat: answer.resource.seat + 1 }) }}</p>
          <p class="quiet-inline">{{ answer.resource.place }}</p>
          <p v-if="answer.resource.title"><button type="button" class="link" data-test="helper-link" @click="$emit('open', 'resource', answer.resource.id)">{{ t("helper_link") }}</button></p>
        </section>
      </div>
      <p class="when"><span class="quiet-inline">{{ t("window") }}</span> {{ span(answer.starts_at, answer.ends_at) }}</p>
      <section v-if="answer.team" class="teamed" data-test="team">
        <p class="team-of">{{ teamSaid(answer.team) }}</p>
        <ul><li v-for="mate in answer.team.mates" :key="mate.id">
          <button type="button" class="link" :data-mate="mate.id" @click="$emit('open', 'assignment', mate.id)">{{ itemName(mate.item) }} → {{ providerName(mate.provider) }}</button>
          <span class="st" :data-state="mate.state"><i aria-hidden="true"></i>{{ t(mate.state) }}</span></li></ul>
      </section>

      <section aria-labelledby="parts-title">
        <h4 id="parts-title">{{ t("value_parts") }}</h4>
        <div class="stack" aria-hidden="true">
          <i v-for="term in parts" :key="term.term" :class="'term-' + term.term" :style="wide(term.points)"></i>
          <i v-if="loss" class="loss" :style="wide(loss)"></i>
        </div>
        <table class="terms">
          <tbody>
            <tr v-for="term in answer.terms" :key="term.term" :data-term="term.term">
              <th scope="row"><i class="key" :class="term.points < 0 ? 'loss' : 'term-' + term.term" aria-hidden="true"></i>{{ t("term_" + term.term) }}
                <small>{{ say(term) }}</small></th>
              <td class="n" :data-points="term.points">{{ signed(term.points) }}</td>
            </tr>
          </tbody>
          <tfoot><tr><th scope="row">{{ t("sum") }}</th><td class="n" data-test="why-value" :data-points="answer.value">{{ number(answer.value) }} {{ t("points") }}</td></tr></tfoot>
        </table>
        <p class="note" data-test="margin">{{ answer.margin > 0 ? t("margin_say", { points: number(answer.margin) }) : t("margin_tie") }}</p>
      </section>

      <section v-if="answer.prices" aria-labelledby="prices-title">
        <h4 id="prices-title">{{ t("prices") }}</h4>
        <table class="terms">
          <tbody>
            <tr><th scope="row">{{ t("price_line") }}</th><td class="n" data-test="price-line">{{ number(answer.prices.line) }}</td></tr>
            <tr><th scope="row">{{ t("price_resource") }}</th><td class="n" data-test="price-resource">{{ number(answer.prices.resource) }}</td></tr>
          </tbody>
        </table>
        <p class="note">{{ priceSum === answer.value && answer.round?.certificate.holds ? t("price_sum") : t("price_no_sum", { sum: number(priceSum) }) }}</p>
      </section>

      <section v-if="answer.round" aria-labelledby="round-title" data-test="round">
        <h4 id="round-title">{{ t("round", { no: number(answer.round_no) }) }}</h4>
        <p v-if="answer.team_part" class="proof" :class="{ bad: !answer.team_part.certified }" data-test="team-part">
          <b><span aria-hidden="true">{{ answer.team_part.certified ? "✓" : "≈" }}</span> {{ t(answer.team_part.certified ? "part_proved" : "part_best_known") }}</b>
          {{ t("part_say", { value: number(answer.team_part.value), bound: number(answer.team_part.bound) }) }}
        </p>
        <p class="proof" :class="{ bad: !answer.round.certificate.holds }">
          <b><span aria-hidden="true">{{ answer.round.certificate.holds ? "✓" : "✕" }}</span> {{ t(answer.round.certificate.holds ? "proved" : "not_proved") }}</b>
          {{ t(answer.round.certificate.holds ? "proof" : "proof_bad",
               { value: number(answer.round.certificate.value), prices: number(answer.round.certificate.price_sum), gap: number(answer.round.certificate.worst_gap) }) }}
        </p>
        <p v-if="answer.round.fairness" class="quiet-inline" data-test="fairness">{{ t("fairness_cost",
               { cost: number(answer.round.fairness.best - answer.round.fairness.value), value: number(answer.round.fairness.value), best: number(answer.round.fairness.best) }) }}</p>
        <p class="quiet-inline">{{ t("round_at", { time: moment(answer.round.at) }) }} · {{ t("cause_" + answer.round.cause) }} · {{ t("policy_say", { name: answer.round.policy.name, version: answer.round.policy.version }) }}</p>
        <p class="quiet-inline">{{ t("round_size", { pairs: number(answer.round.pairs), lines: number(answer.round.lines), resources: number(answer.round.resources) }) }}</p>
      </section>

      <Decline v-if="lives" :key="answer.id" :told="decline" @ask="$emit('ask', 'decline', answer.id)" />

      <section aria-labelledby="history-title">
        <h4 id="history-title">{{ t("history") }}</h4>
        <ol class="history">
          <li v-for="(step, i) in answer.history" :key="i" class="st" :data-state="step.state">
            <i aria-hidden="true"></i>{{ t("step_" + step.state) }} <time>{{ moment(step.at) }}</time>
          </li>
        </ol>
      </section>

      <p class="links"><span class="quiet-inline">{{ t("links") }}</span>
        <a v-for="[label, url] in links" :key="url" :href="url" target="_blank" rel="noopener">{{ t(label) }}</a></p>
    </article>`,
};
