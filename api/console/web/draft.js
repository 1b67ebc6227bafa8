// The draft of a unit's or a member's report, to be changed, completed and taken along. Nothing of it is kept here.
import { api } from "./links.js";
import { speech, words } from "./words.js";
import Parties from "./parties.js";
import { periods } from "./periods.js";

export default {
  mixins: [speech],
  components: { Parties },
  props: { region: String },
  data: () => ({ words, party: "", period: "", text: "", problem: "", busy: false }),
  computed: {
    offered() {
      return [...periods("half-year"), ...periods("year")];
    },
    /** Where the draft lies; "" while it is not clear whose it is. */
    address() {
      const period = this.period || this.offered[0];
      const [, kind, ref, branch] = /^(?:(unit|member):)?([^/]+)(?:\/(\d+))?$/.exec(this.party.trim()) ?? [];
      if (!ref) return "";
      const isUnit = kind === "unit" || (!kind && /^[0-9A-Z]{18}$/.test(ref));
      return `reports/${isUnit ? "units" : "members"}/${encodeURIComponent(ref)}/${period}.md?lang=${words.language}${branch ? `&branch=${branch}` : ""}`;
    },
    file() {
      return `data:text/markdown;charset=utf-8,${encodeURIComponent(this.text)}`;
    },
  },
  methods: {
    async ask() {
      if (!this.address || this.busy) return;
      [this.busy, this.text, this.problem] = [true, "", ""];
      try {
        const reply = await fetch(api(this.address), { headers: { "accept-language": words.language } });
        if (reply.ok) this.text = await reply.text();
        else this.problem = (await reply.json()).messages[words.language];
      } catch {
        this.problem = this.t("lost");
      }
      this.busy = false;
    },
  },
  template: `
    <section aria-labelledby="draft-title" data-test="draft">
      <h3 id="draft-title">{{ t("draft") }}</h3>
      <Parties :place="region" :may="['unit', 'member']" name="draft" />
      <form class="sieve" @submit.prevent="ask">
        <input v-model="party" type="text" name="party" list="draft-by" required autocomplete="off" :aria-label="t('draft_who')" :placeholder="t('draft_who')">
        <select v-model="period" :aria-label="t('period')"><option v-for="(each, i) in offered" :key="each" :value="i ? each : ''">{{ each }}</option></select>
        <button type="submit" class="plain" :disabled="busy">{{ t("draft_ask") }}</button>
      </form>
      <p v-if="problem" class="bad" role="alert" data-test="draft-problem">{{ problem }}</p>
      <template v-if="text">
        <textarea v-model="text" rows="14" :aria-label="t('draft')" data-test="draft-text"></textarea>
        <p class="files"><a :href="file" download="draft.md">{{ t("draft_take") }}</a></p></template>
      <p class="note">{{ t("draft_note") }}</p>
    </section>`,
};
