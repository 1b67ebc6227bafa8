// Product name, where we are, how the connection is, and the language switch.
import { speech, words } from "./words.js";

export default {
  mixins: [speech],
  props: { path: Array, children: Array, page: String, lost: Boolean, asOf: Number },
  emits: ["go", "turn", "post", "speak"],
  data: () => ({ words }),
  methods: {
    here(page) {
      const known = ["prices", "levels", "affairs", "ledger"].includes(this.page) ? this.page : "";
      return known === page ? "page" : undefined;
    },
    descend(event) {
      const code = event.target.value;
      event.target.selectedIndex = 0;
      if (code) this.$emit("go", code);
    },
  },
  template: `
    <header class="topbar">
      <div class="brand"><span class="seal" aria-hidden="true">共</span><span class="wordmark">{{ t("product") }}</span></div>
      <nav class="crumbs" :aria-label="t('regions')">
        <ol>
          <li v-for="(step, i) in path" :key="step.code">
            <button v-if="i < path.length - 1" type="button" class="crumb" @click="$emit('go', step.code)">
              {{ step.name || t("everywhere") }}
            </button>
            <span v-else class="crumb here" aria-current="location">{{ step.name || t("everywhere") }}</span>
          </li>
        </ol>
        <label v-if="children.length" class="below">
          <span class="unseen">{{ t("below") }}</span>
          <select data-test="below" @change="descend">
            <option value="">{{ t("below") }}</option>
            <option v-for="child in children" :key="child.code" :value="child.code">{{ child.name }}</option>
          </select>
        </label>
      </nav>
      <nav class="switch pages" :aria-label="t('pages')">
        <button type="button" data-test="page-overview" :aria-current="here('')" @click="$emit('turn', '')">{{ t("page_overview") }}</button>
        <button type="button" data-test="page-prices" :aria-current="here('prices')" @click="$emit('turn', 'prices')">{{ t("scarcity") }}</button>
        <button type="button" data-test="page-levels" :aria-current="here('levels')" @click="$emit('turn', 'levels')">{{ t("way") }}</button>
        <button type="button" data-test="page-affairs" :aria-current="here('affairs')" @click="$emit('turn', 'affairs')">{{ t("affairs") }}</button>
        <button type="button" data-test="page-ledger" :aria-current="here('ledger')" @click="$emit('turn', 'ledger')">{{ t("ledger") }}</button>
      </nav>
      <button type="button" class="plain" data-test="post" aria-haspopup="dialog" @click="$emit('post')">{{ t("post") }}</button>
      <div class="pulse" :class="{ lost }" :title="asOf ? t('as_of', { time: clock(asOf) }) : ''">
        <span class="dot" aria-hidden="true"></span><span>{{ lost ? "" : t("live") }}</span>
      </div>
      <div class="switch" role="group" :aria-label="t('language')">
        <button type="button" lang="zh-CN" :aria-pressed="words.language === 'zh'" @click="$emit('speak', 'zh')">中文</button>
        <button type="button" lang="en" :aria-pressed="words.language === 'en'" @click="$emit('speak', 'en')">EN</button>
      </div>
    </header>`,
};
