// The headline figures, with a ring for the fill rate.
import { speech } from "./words.js";

const AROUND = 2 * Math.PI * 15;

export default {
  mixins: [speech],
  props: { figures: Object },
  computed: {
    arc() {
      const share = this.figures.fill_rate ?? 0;
      return `${share * AROUND} ${AROUND}`;
    },
    tiles() {
      const f = this.figures;
      const n = this.number;
      return [
        { key: "open_demands", value: n(f.open_demands), note: this.t("open_demands_note", { resources: n(f.resources) }) },
        { key: "open_seats", value: n(f.open_seats), note: this.t("open_seats_note", { units: n(f.units), members: this.members }) },
        {
          key: "fill_rate",
          value: this.percent(f.fill_rate),
          note: this.t("fill_rate_note", { filled: n(f.filled_seats), asked: n(f.asked_seats) }),
        },
        {
          key: "live_assignments",
          value: n(f.live_assignments),
          note: this.t("live_assignments_note", { fulfilled: n(f.fulfilled) }),
        },
        { key: "rounds_per_minute", value: n(f.rounds_per_minute), note: this.t("rounds_note", { matches: n(f.matches_last_minute) }) },
        { key: "median_wait", value: this.duration(f.median_wait_s, { exact: true }), note: this.t("median_wait_note") },
      ];
    },
    members() {
      return this.figures.members == null ? this.t("under_five") : this.number(this.figures.members);
    },
  },
  template: `
    <section class="figures card" :aria-label="t('figures')">
      <dl>
        <div v-for="tile in tiles" :key="tile.key" class="figure" :data-test="tile.key">
          <dt>{{ t(tile.key) }}</dt>
          <dd class="big">{{ tile.value }}</dd>
          <dd class="note">{{ tile.note }}</dd>
          <svg v-if="tile.key === 'fill_rate'" class="ring" viewBox="0 0 36 36" aria-hidden="true">
            <circle class="track" cx="18" cy="18" r="15" />
            <circle class="arc" cx="18" cy="18" r="15" :stroke-dasharray="arc" transform="rotate(-90 18 18)" />
          </svg>
        </div>
      </dl>
    </section>`,
};
