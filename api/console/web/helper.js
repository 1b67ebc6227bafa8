// The other way round: which open demands an offer would serve now, what each seat adds, and which only it can serve.
import { speech } from "./words.js";
import { api } from "./links.js";
import Claim from "./claim.js";
import Claims from "./claims.js";

export default {
  mixins: [speech],
  components: { Claim, Claims },
  props: { answer: Object },
  emits: ["open"],
  computed: {
    links() {
      const id = encodeURIComponent(this.answer.id);
      return [
        ["resource", api(`resources/${id}`)],
        ["link_demands", api(`resources/${id}/demands`)],
      ];
    },
  },
  template: `
    <article class="why" data-test="helper">
      <div class="lead">
        <h3>{{ answer.title }}</h3>
        <p>{{ itemName(answer.item) }}</p>
        <p class="quiet-inline">{{ answer.place }}</p>
      </div>
      <p v-if="!answer.seats">{{ answer.demands ? t("helper_more") : t("helper_full") }}</p>
      <p v-else-if="!answer.demands">{{ t("helper_none", { seats: number(answer.seats) }) }}</p>
      <p v-else data-test="helper-sum">{{ t("helper_sum", { seats: number(answer.seats), demands: number(answer.demands), given: number(answer.given), adds: number(answer.adds) }) }}</p>
      <ol v-if="answer.chances.length" class="chances">
        <li v-for="chance in answer.chances" :key="chance.demand_id + chance.line">
          <button type="button" class="wish" :data-chance="chance.demand_id" @click="$emit('open', chance.demand_id)">
            <span class="name">{{ chance.title || itemName(chance.item) }}</span>
            <span class="age">{{ t("adds_say", { points: signed(chance.adds) }) }}</span>
            <span class="place">{{ chance.place }} · {{ moment(chance.starts_at) }}</span>
            <span class="urgency">{{ chance.only ? t("only_you") : chance.given ? t("given_now") : "" }}</span>
            <span class="open">{{ t("seats_open", { count: number(chance.open) }) }}</span>
          </button>
          <Claim v-if="answer.seats" by="provider" :demand="chance.demand_id" :line="chance.line" :resource="answer.id" />
        </li>
      </ol>
      <Claims :claims="answer.claims" />
      <p class="quiet-inline">{{ t("adds_how") }} {{ t("as_of", { time: moment(answer.at) }) }}</p>
      <p class="links"><span class="quiet-inline">{{ t("links") }}</span>
        <a v-for="[label, url] in links" :key="url" :href="url" target="_blank" rel="noopener">{{ t(label) }}</a></p>
    </article>`,
};
