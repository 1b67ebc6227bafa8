// Picking a resource for a line by hand: those of the category with a seat left. Which of them may serve, the round says.
import { speech } from "./words.js";
import { call } from "./links.js";
import Claim from "./claim.js";

const SHOWN = 12;

export default {
  mixins: [speech],
  components: { Claim },
  props: { demand: String, line: Object, shard: String },
  data: () => ({ found: null, busy: false }),
  methods: {
    async look() {
      this.busy = true;
      const category = encodeURIComponent(this.line.item.split(".")[0]);
      const { said } = await call(`resources?region=${this.shard}&category=${category}&state=published&limit=100`);
      const free = (said?.rows ?? []).filter((row) => row.free > 0).map((row) => row.resource);
      const other = ({ item }) => Number(item !== this.line.item);
      this.found = free.sort((a, b) => other(a) - other(b)).slice(0, SHOWN);
      this.busy = false;
    },
  },
  template: `
    <div class="picking">
      <button v-if="!found" type="button" class="plain" data-test="pick" :disabled="busy" @click="look">{{ t("pick") }}</button>
      <p v-else-if="!found.length" class="quiet-inline">{{ t("pick_none") }}</p>
      <ul v-else>
        <li v-for="resource in found" :key="resource.resource_id" class="pick" :data-pick="resource.resource_id">
          <span><b>{{ resource.title }}</b> <small>{{ itemName(resource.item) }}</small></span>
          <Claim by="requester" :demand="demand" :line="line.line" :resource="resource.resource_id" />
        </li>
      </ul>
    </div>`,
};
