// Whom to ask for more seats of a class: the units that are known to offer the item, those of the street first.
import { speech } from "./words.js";

export default {
  mixins: [speech],
  props: { answer: Object },
  template: `
    <div class="askers" data-test="units">
      <p v-if="!answer" class="quiet-inline">{{ t("loading") }}</p>
      <p v-else-if="answer.failed" class="quiet-inline">{{ t("failed") }}</p>
      <p v-else-if="!answer.units.length" class="quiet-inline">{{ t("no_units") }}</p>
      <template v-else>
        <p class="quiet-inline">{{ t("whom_to_ask") }}</p>
        <ul><li v-for="unit in answer.units" :key="unit.provider.ref">{{ providerName(unit.provider) }}
          <small>{{ unit.place }}<template v-if="!unit.listed"> · {{ t("not_listed") }}</template></small></li></ul>
      </template>
    </div>`,
};
