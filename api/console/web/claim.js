// One pair that somebody may pick by hand: the button, and what became of it.
import { speech, words } from "./words.js";
import { access, call, drawn } from "./links.js";

const FIRST_MS = 500; // a round is due within a second, as a rule
const LAST_MS = 8000;

export default {
  mixins: [speech],
  props: { by: String, demand: String, line: Number, resource: String },
  data: () => ({ words, access, busy: false, key: drawn(), claim: "", state: "", said: null }),
  beforeUnmount() {
    clearTimeout(this.pause);
  },
  methods: {
    async send() {
      this.busy = true;
      const path = this.by === "provider" ? `demands/${encodeURIComponent(this.demand)}` : `resources/${encodeURIComponent(this.resource)}`;
      const body = this.by === "provider" ? { resource_id: this.resource, line: this.line } : { demand_id: this.demand, line: this.line };
      const { said, problem } = await call(`${path}:claim`, { body, token: access.token, key: this.key });
      this.busy = false;
      if (said) {
        this.claim = said.claim_id;
        this.look(FIRST_MS);
      } else this.refused(problem);
    },
    async takeBack() {
      const { said, problem } = await call(`claims/${this.claim}:withdraw`, { body: {}, token: access.token });
      if (problem) this.refused(problem);
      if (said) await this.look(FIRST_MS);
    },
    /** Ask what became of it until a round has said so. */
    async look(pause) {
      clearTimeout(this.pause);
      const { said } = await call(`claims/${this.claim}`);
      if (said) [this.state, this.said] = [said.claim.state, said.messages];
      if (!said || said.claim.state === "open") this.pause = setTimeout(() => this.look(Math.min(2 * pause, LAST_MS)), pause);
    },
    refused(problem) {
      access.needed ||= problem?.status === 401;
      this.said = problem?.messages ?? { zh: this.t("lost"), en: this.t("lost") };
    },
  },
  template: `
    <div class="claim" :data-state="state">
      <input v-if="access.needed && !claim" v-model="access.token" type="password" autocomplete="off" :aria-label="t('token')" :placeholder="t('token')">
      <button v-if="!claim" type="button" class="plain" data-test="claim" :disabled="busy" @click="send">{{ t("claim") }}</button>
      <button v-if="state === 'open'" type="button" class="link" data-test="claim-back" @click="takeBack">{{ t("claim_back") }}</button>
      <p v-if="said" role="status" data-test="claim-said">{{ said[words.language] }}</p>
    </div>`,
};
