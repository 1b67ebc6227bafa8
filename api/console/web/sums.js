// The sums of a region and of those one level below it, as a table; a click on a name goes down.
import { speech } from "./words.js";

export default {
  mixins: [speech],
  props: { own: Object, children: Array },
  emits: ["go"],
  computed: {
    rows() {
      return [this.own, ...this.children].map((row) => ({ ...row, ...this.all(row.sums.lives) }));
    },
    /** The region itself would dwarf its parts: bars measure these against each other. */
    most() {
      return Math.max(1, ...this.rows.slice(1).map((row) => row.late));
    },
  },
  methods: {
    /** All kinds together; what is not told, being about fewer than five people, counts for nothing. */
    all(lives) {
      const sum = (part) => lives.reduce((total, count) => total + (count[part] ?? 0), 0);
      return { under_way: sum("open"), late: sum("overdue") };
    },
    share: ({ filled, asked }) => (asked ? filled / asked : null),
    width(row) {
      return { width: `${Math.min(100, (100 * row.late) / (row === this.rows[0] ? Math.max(1, row.late) : this.most))}%` };
    },
  },
  template: `
    <div class="went sums"><table>
      <caption class="unseen">{{ t("sums_caption", { name: own.name }) }}</caption>
      <thead><tr><th scope="col">{{ t("regions") }}</th><th scope="col" class="n">{{ t("open_demands") }}</th><th scope="col" class="n">{{ t("open_seats") }}</th>
        <th scope="col">{{ t("fill_rate") }}</th><th scope="col" class="n">{{ t("fulfilled") }}</th><th scope="col" class="n">{{ t("resources_on_list") }}</th>
        <th scope="col" class="n">{{ t("units_here") }}</th><th scope="col" class="n">{{ t("members_here") }}</th>
        <th scope="col" class="n">{{ t("under_way") }}</th><th scope="col">{{ t("late_by_kind") }}</th></tr></thead>
      <tbody><tr v-for="(row, i) in rows" :key="row.region" :data-region="row.region" :class="{ own: !i }">
        <th scope="row"><b v-if="!i">{{ row.name }}</b><button v-else type="button" class="link" @click="$emit('go', row.region)">{{ row.name }}</button></th>
        <td class="n" :data-label="t('open_demands')">{{ number(row.sums.open_demands) }}</td>
        <td class="n" :data-label="t('open_seats')">{{ number(row.sums.open_seats) }}</td>
        <td :data-label="t('fill_rate')"><span class="measure"><span class="track" aria-hidden="true"><i class="filled" :style="{ width: 100 * share(row.sums) + '%' }"></i></span>
          <span>{{ percent(share(row.sums)) }} <small>{{ number(row.sums.filled) }} / {{ number(row.sums.asked) }}</small></span></span></td>
        <td class="n" :data-label="t('fulfilled')">{{ number(row.sums.fulfilled) }}</td>
        <td class="n" :data-label="t('resources_on_list')">{{ number(row.sums.resources) }}</td>
        <td class="n" :data-label="t('units_here')">{{ number(row.sums.units) }}</td>
        <td class="n" :data-label="t('members_here')">{{ row.sums.members == null ? t("under_five") : number(row.sums.members) }}</td>
        <td class="n" :data-label="t('under_way')">{{ number(row.under_way) }}</td>
        <td :data-label="t('late_by_kind')"><span class="measure"><span class="track" aria-hidden="true"><i class="open" :style="width(row)"></i></span>
          <b :class="{ urgency: row.late }">{{ number(row.late) }}</b></span></td>
      </tr></tbody>
    </table></div>`,
};
