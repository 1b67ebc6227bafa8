// The way of a demand whose seats went up: every step between shards, and how long it waited before.
import { speech } from "./words.js";

export default {
  mixins: [speech],
  props: { steps: Array },
  methods: {
    said(step) {
      return this.t(`way_${step.kind}`, { from: step.from, to: step.to, seats: this.number(step.seats) });
    },
  },
  template: `
    <section v-if="steps.length" aria-labelledby="way-title" data-test="way">
      <h4 id="way-title">{{ t("way") }}</h4>
      <ol class="way">
        <li v-for="(step, i) in steps" :key="i" :data-kind="step.kind" :data-level="step.level">
          <b>{{ said(step) }}</b> <time>{{ moment(step.at) }}</time>
          <p v-if="step.cause" class="quiet-inline">{{ t("up_" + step.cause) }}<template v-if="step.waited_s >= 60"> · {{ t("waited_there", { place: step.from, time: duration(step.waited_s) }) }}</template></p>
        </li>
      </ol>
    </section>`,
};
