// What would come of the demand in the form, and which change would help.
import { speech, words } from "./words.js";

export default {
  mixins: [speech],
  props: { odds: Object, problem: Object, stale: Boolean },
  emits: ["apply"],
  data: () => ({ words }),
  computed: {
    lines() {
      return this.odds.preview.lines.map((line) => ({
        ...line,
        rules: line.served < line.asked ? Object.entries(line.failing).sort((a, b) => b[1] - a[1]) : [],
      }));
    },
  },
  methods: {
    /** Whether a change is one of the whole bundle, not of one of its lines. */
    ofAll: ({ kind, in_all, quantities }) => quantities != null || (in_all != null && !["item", "siblings", "seats"].includes(kind)),
  },
  template: `
    <section class="odds" :class="{ stale }" :aria-busy="stale" aria-live="polite" data-test="odds">
      <h4>{{ t("odds") }}</h4>
      <p v-if="problem" class="bad" data-test="post-problem">{{ problem.messages[words.language] }}
        <span v-for="error in problem.errors ?? []" :key="error.pointer"> {{ error.messages[words.language] }}</span></p>
      <p v-else-if="!odds" class="quiet-inline">{{ t("odds_when") }}</p>
      <template v-else>
        <p data-test="odds-text"><b>{{ odds.messages[words.language] }}</b></p>
        <div v-for="line in lines" :key="line.line" class="of-line" data-test="odds-line">
          <p v-if="lines.length > 1">{{ t("line_no", { line: number(line.line + 1) }) }} · {{ itemName(line.item) }}
            <small>{{ t("asked_filled", { filled: number(line.served), asked: number(line.asked) }) }}</small></p>
          <p v-if="line.starts_at" class="quiet-inline">{{ t("earliest", { time: moment(Date.parse(line.starts_at)) }) }}</p>
          <p v-if="line.price" class="quiet-inline">{{ t("price_of_it", { points: number(line.price) }) }}</p>
          <template v-if="line.rules.length">
            <p class="quiet-inline">{{ t("considered", { count: number(line.considered) }) }}</p>
            <ul class="rules"><li v-for="[rule, count] in line.rules" :key="rule" :data-rule="rule">
              <span class="name">{{ t("rule_" + rule) }}</span>
              <span class="track" aria-hidden="true"><i class="filled" :style="{ width: (100 * count) / line.considered + '%' }"></i></span>
              <span class="n">{{ number(count) }}</span></li></ul>
          </template>
        </div>
        <div v-if="odds.remedies.length" class="remedies">
          <p><b>{{ t("remedies") }}</b></p>
          <ol><li v-for="remedy in odds.remedies" :key="remedy.remedy.line + remedy.messages.en">
            <template v-if="lines.length > 1 && !ofAll(remedy.remedy)">{{ t("line_no", { line: number(remedy.remedy.line + 1) }) }} · </template>
            <button type="button" class="link" :data-remedy="remedy.remedy.kind" @click="$emit('apply', remedy)">{{ remedy.messages[words.language] }}</button></li></ol>
        </div>
        <p v-if="odds.preview.untried" class="quiet-inline">{{ t("untried") }}</p>
        <p v-if="!odds.preview.exact" class="quiet-inline">{{ t("about") }}</p>
      </template>
    </section>`,
};
