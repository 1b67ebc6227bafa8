// Reports of the region for a period, as files.
import { api } from "./links.js";
import { speech, words } from "./words.js";
import { CYCLES, periods } from "./periods.js";

export default {
  mixins: [speech],
  props: { region: String },
  data: () => ({ words, CYCLES, cycle: "month", period: "" }),
  computed: {
    offered() {
      return periods(this.cycle);
    },
    chosen() {
      return this.offered.includes(this.period) ? this.period : this.offered[0];
    },
    address() {
      return api(`reports/${this.cycle}/${this.region}/${this.chosen}`);
    },
    name() {
      return `${this.region}-${this.chosen}`;
    },
  },
  template: `
    <section aria-labelledby="reports-title" data-test="reports">
      <h3 id="reports-title">{{ t("reports") }}</h3>
      <p v-if="!region" class="quiet-inline">{{ t("reports_where") }}</p>
      <template v-else>
        <div class="sieve">
          <select v-model="cycle" :aria-label="t('cycle')" data-test="cycle"><option v-for="each in CYCLES" :key="each" :value="each">{{ t("cycle_" + each) }}</option></select>
          <select :value="chosen" :aria-label="t('period')" data-test="period" @change="period = $event.target.value"><option v-for="each in offered" :key="each">{{ each }}</option></select>
        </div>
        <p class="files"><a :href="address + '.md?lang=' + words.language" :download="name + '.md'" data-test="report">{{ t("report_page") }}</a>
          <a :href="address" :download="name + '.json'">{{ t("report_data") }}</a></p>
        <p class="note">{{ chosen === offered[0] ? t("report_running") : t("report_note") }}</p>
      </template>
    </section>`,
};
