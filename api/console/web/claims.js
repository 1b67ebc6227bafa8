// What became of the claims on an entry, the newest first. Rivals are never named.
import { speech, words } from "./words.js";

export default {
  mixins: [speech],
  props: { claims: Array },
  data: () => ({ words }),
  template: `
    <section v-if="claims.length" aria-labelledby="claims-title" data-test="claims">
      <h4 id="claims-title">{{ t("claims") }}</h4>
      <ul class="claims">
        <li v-for="claim in claims" :key="claim.id" :data-state="claim.state">
          <b>{{ claim.title || t("gone") }}</b> <span class="quiet-inline">{{ t("claim_by_" + claim.by) }} · {{ moment(claim.at) }}</span>
          <p>{{ claim.said[words.language] }}</p>
        </li>
      </ul>
    </section>`,
};
