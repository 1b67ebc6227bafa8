// The open demands that have waited longest; a click asks why.
import { speech } from "./words.js";

export default {
  mixins: [speech],
  props: { demands: Array, now: Number },
  emits: ["open"],
  template: `
    <section class="card waiting" aria-labelledby="waiting-title">
      <header class="head">
        <h2 id="waiting-title">{{ t("waiting") }}</h2><span class="aside">{{ t("waiting_note") }}</span>
      </header>
      <p v-if="!demands.length" class="quiet">{{ t("none_waiting") }}</p>
      <ul v-else class="scroll" tabindex="-1">
        <li v-for="demand in demands" :key="demand.id">
          <button type="button" class="wish" :data-demand="demand.id" aria-haspopup="dialog" @click="$emit('open', demand.id)">
            <span class="name">{{ demand.title }}</span>
            <span class="place">{{ demand.place }}</span>
            <span class="urgency" v-if="demand.urgency !== 'normal'">{{ t(demand.urgency) }}</span>
            <span class="open"><b v-for="level in demand.with" :key="level" class="badge">{{ t("is_with", { level }) }}</b> <b v-if="demand.teamed" class="badge">{{ t("teamed") }}</b> {{ t("seats_open", { count: number(demand.open_seats) }) }}</span>
            <span class="age">{{ duration((now - demand.posted_at) / 1000) }}</span>
          </button>
        </li>
      </ul>
    </section>`,
};
