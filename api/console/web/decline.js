// What a "no" would move elsewhere, asked before it is said.
import { speech } from "./words.js";

export default {
  mixins: [speech],
  props: { told: Object },
  emits: ["ask"],
  data: () => ({ asked: false }),
  methods: {
    ask() {
      this.asked = true;
      this.$emit("ask");
    },
  },
  template: `
    <section aria-labelledby="decline-title" data-test="if-declined" aria-live="polite">
      <h4 id="decline-title">{{ t("if_declined") }}</h4>
      <button v-if="!asked" type="button" class="plain" data-test="ask-decline" @click="ask">{{ t("ask_decline") }}</button>
      <p v-else-if="!told" class="quiet-inline">{{ t("loading") }}</p>
      <p v-else-if="told.missing" class="quiet-inline">{{ t(told.missing) }}</p>
      <template v-else>
        <p><b>{{ t(told.refilled ? "decline_refilled" : "decline_open") }}</b>
          {{ t("decline_loss", { loss: number(told.loss), worth: number(told.worth) }) }}</p>
        <ul v-if="told.moves.length" class="moves">
          <li v-for="(move, i) in told.moves" :key="i"><b>{{ move.title || move.demand_id }}</b>
            <span>{{ move.before || t("nobody") }} → {{ move.after || t("nobody") }}</span></li>
        </ul>
        <p v-else class="quiet-inline">{{ t("decline_no_moves") }}</p>
        <p v-if="told.ends" class="quiet-inline">{{ t("decline_ends", { count: number(told.ends) }) }}</p>
        <p class="quiet-inline">{{ t("decline_free") }}<template v-if="!told.exact"> {{ t("about") }}</template></p>
      </template>
    </section>`,
};
