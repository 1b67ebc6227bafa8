// The operators' overview. The server tells it what there is (`receive`); it asks by the one event `ask`.
import Affairs from "./affairs.js";
import Bars from "./bars.js";
import Drawer from "./drawer.js";
import Emergency from "./emergency.js";
import Empty from "./empty.js";
import Figures from "./figures.js";
import Ledger from "./ledger.js";
import Levels from "./levels.js";
import Minutes from "./minutes.js";
import Prices from "./prices.js";
import Stream from "./stream.js";
import Topbar from "./topbar.js";
import Waiting from "./waiting.js";
import { preferredLanguage, remember, speak, speech, words } from "./words.js";

const KEPT = 500; // matches kept for filters
const FEW = 6; // more at once come without highlight: a list that glows as a whole points at nothing
const FRESH_MS = 10000; // after that a row is not highlighted when it comes back into sight

/** Put the page's state into its address, so that a reload or a shared link shows the same. */
function address(changes, { push = false } = {}) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  history[push ? "pushState" : "replaceState"](null, "", url);
}

const asked = (name) => new URLSearchParams(location.search).get(name) ?? "";

export default {
  mixins: [speech],
  components: { Affairs, Bars, Drawer, Emergency, Empty, Figures, Ledger, Levels, Minutes, Prices, Stream, Topbar, Waiting },
  props: { texts: Object, names: Object, language: String },
  emits: ["ask"],
  data: () => ({
    words,
    view: null,
    rows: [],
    busy: true,
    failed: false,
    category: asked("category"),
    page: asked("page"), // "prices", "levels", "affairs", "ledger", else the overview
    kind: asked("kind"), // of the lives shown
    tables: null, // of life cycles
    changes: 0,
    prices: null,
    units: null,
    levels: null,
    drawer: null, // { kind, id, answer, decline }
    lost: false,
  }),
  created() {
    words.texts = this.texts;
    words.names = this.names;
    speak(preferredLanguage(this.language));
  },
  mounted() {
    addEventListener("popstate", this.onBack);
    addEventListener("keydown", this.onKey);
    this.watchConnection();
    this.begin();
  },
  beforeUnmount() {
    removeEventListener("popstate", this.onBack);
    removeEventListener("keydown", this.onKey);
  },
  methods: {
    begin() {
      this.ask("watch", { region: asked("region"), category: this.category });
      for (const kind of ["assignment", "demand", "resource", "life"]) if (asked(kind)) this.open(kind, asked(kind));
    },
    ask(what, values) {
      this.$emit("ask", { what, ...values });
    },

    // What the server tells.
    receive(news) {
      this.failed = news.what === "failed";
      if (news.what === "view") this.look(news.view);
      if (news.what === "rows") this.take(news);
      if (news.what === "prices" && news.prices.region === this.view?.region.code) this.prices = news.prices;
      if (news.what === "levels" && news.levels.region === this.view?.region.code) this.levels = news.levels;
      if (news.what === "units") this.units = news;
      if (news.what === "answer" && news.id === this.drawer?.id) {
        if (news.of === this.drawer.kind) this.drawer.answer = news.answer;
        if (news.of === "decline") this.drawer.decline = news.answer;
      }
    },
    look(view) {
      const first = this.view?.empty && !view.empty; // data came while we looked on: go to where it is
      const moved = this.view && this.view.region.code !== view.region.code;
      this.view = view;
      if (moved) {
        this.prices = null;
        this.levels = null;
        if (this.page === "prices") this.askPrices();
      }
      if (first && !asked("region")) this.ask("watch", { region: "", category: this.category });
    },
    take({ rows, reset }) {
      if (reset) {
        this.rows = rows;
        this.busy = false;
        return;
      }
      const known = new Map(this.rows.map((row) => [row.id, row]));
      const fresh = [];
      for (const row of rows) {
        const old = known.get(row.id);
        if (!old && row.opens) {
          fresh.unshift({ ...row, fresh: true });
          known.set(row.id, fresh[0]);
        } else if (old && row.seq > old.seq) Object.assign(old, { state: row.state, seq: row.seq, over: row.over });
      }
      if (fresh.length > FEW) for (const row of fresh) row.fresh = false;
      this.rows = [...fresh, ...this.rows].slice(0, KEPT);
      setTimeout(() => fresh.forEach((row) => (row.fresh = false)), FRESH_MS);
    },

    // What the reader does.
    go(region) {
      address({ region: region || "all" }, { push: true });
      this.busy = true;
      this.ask("watch", { region: region || "all", category: this.category });
    },
    pick(category) {
      this.category = category;
      address({ category });
      this.busy = true;
      this.ask("watch", { region: this.view?.region.code || asked("region") || "all", category });
    },
    turn(page) {
      this.page = page;
      address({ page }, { push: true });
    },
    askPrices() {
      if (this.view) this.ask("prices", { region: this.view.region.code });
    },
    askLevels(narrow) {
      if (this.view) this.ask("levels", { region: this.view.region.code, ...narrow });
    },
    turnTo(kind) {
      this.turn("affairs");
      this.turnKind(kind);
    },
    turnKind(kind) {
      this.kind = kind;
      address({ kind });
    },
    open(kind, id) {
      this.drawer = { kind, id, answer: null, decline: null };
      address({ assignment: "", demand: "", resource: "", life: "", [kind]: id });
      if (kind !== "life") this.ask(kind, { id }); // lives are read from the API
    },
    start(action) {
      this.drawer = { kind: "begin", id: action, answer: null, decline: null };
    },
    began(id) {
      this.changes += 1;
      this.open("life", `${this.kind || this.tables[0].kind}/${id}`);
    },
    post() {
      this.drawer = { kind: "post", id: "", answer: null, decline: null };
    },
    close() {
      const { kind, id } = this.drawer;
      this.drawer = null;
      address({ assignment: "", demand: "", resource: "", life: "" });
      if (kind === "assignment") this.$nextTick(() => this.$refs.stream?.focusRow(id));
    },
    step(by) {
      const next = this.$refs.stream.neighbour(this.drawer.id, by);
      if (next) this.open("assignment", next);
    },
    reaches(by) {
      return this.drawer?.kind === "assignment" && !!this.$refs.stream?.neighbour(this.drawer.id, by);
    },
    speakIn(language) {
      speak(language);
      remember(language);
      address({ lang: language });
    },
    onBack() {
      this.category = asked("category");
      this.page = asked("page");
      this.kind = asked("kind");
      this.busy = true;
      this.ask("watch", { region: asked("region"), category: this.category });
    },
    onKey(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || this.drawer) return;
      if (event.target.closest("input, select, textarea")) return;
      if (event.key === "/") {
        event.preventDefault();
        this.$refs.stream?.focusSearch();
      }
      if (event.key === "p" || event.key === "P") this.$refs.stream?.toggle();
    },

    /** Say when the server is away, and keep trying: NiceGUI's own answer to a time-out is to leave for an error page. */
    watchConnection() {
      const socket = window.socket;
      if (!socket) {
        setTimeout(this.watchConnection, 20);
        return;
      }
      socket.off("connect_error");
      socket.on("connect_error", (error) => {
        if (error.message === "Implicit handshake failed") location.reload(); // a new server does not know this page
        this.lost = true;
      });
      socket.on("disconnect", () => (this.lost = true));
      socket.on("connect", () => (this.lost = false));
    },
  },
  template: `
    <div class="cb">
      <a class="skip" href="#stream">{{ t("skip") }}</a>
      <div v-if="lost" class="banner" role="alert" data-test="lost">
        <b>{{ t("lost") }}</b> <span v-if="view">{{ t("lost_detail", { time: clock(view.now) }) }}</span>
      </div>
      <div v-else-if="failed" class="banner" role="alert"><b>{{ t("failed") }}</b></div>
      <Topbar :path="view?.path ?? []" :children="view?.children ?? []" :lost="lost" :as-of="view?.now ?? 0" :page="page"
              @go="go" @turn="turn" @post="post" @speak="speakIn" />
      <Emergency :found="view?.emergencies" @open="open('life', $event)" @all="turnTo('mode')" />
      <div class="page" :aria-busy="!view">
        <h1 class="unseen">{{ t("overview", { region: view?.region.name || t("everywhere") }) }}</h1>
        <p v-if="!view" class="quiet first">{{ t("loading") }}</p>
        <Empty v-else-if="view.empty && !['affairs', 'ledger'].includes(page)" />
        <Prices v-else-if="page === 'prices'" :prices="prices" :units="units" :region="view.region.code" @ask="askPrices" @units="ask('units', $event)" />
        <Levels v-else-if="page === 'levels'" :levels="levels" :region="view.region.code" @ask="askLevels" @open="open('demand', $event)" />
        <Affairs v-else-if="page === 'affairs'" :region="view.region.code" :tables="tables" :kind="kind" :changes="changes"
                 @tables="tables = $event" @kind="turnKind" @open="open('life', $event)" @begin="start" />
        <Ledger v-else-if="page === 'ledger'" :region="view.region.code" :tables="tables" @tables="tables = $event" @go="go" @turn="turnTo" />
        <template v-else>
          <Figures :figures="view.figures" />
          <div class="columns">
            <Stream ref="stream" :rows="rows" :busy="busy" :category="category" :categories="Object.keys(names.categories)"
                    :selected="drawer?.kind === 'assignment' ? drawer.id : ''" @open="open('assignment', $event)" @pick="pick" />
            <div class="side">
              <Minutes :minutes="view.minutes" />
              <Bars :regions="view.children" :categories="view.categories" :category="category" @go="go" @pick="pick" />
              <Waiting :demands="view.waiting" :now="view.now" @open="open('demand', $event)" />
            </div>
          </div>
        </template>
      </div>
      <Drawer v-if="drawer" :kind="drawer.kind" :answer="drawer.answer" :decline="drawer.decline" :region="view?.region.code ?? ''" :id="drawer.id" :tables="tables" :lives="kind"
              :has-newer="reaches(-1)" :has-older="reaches(1)" @close="close" @step="step" @open="open" @ask="(what, id) => ask(what, { id })" @changed="changes += 1" @began="began" @tables="tables = $event" />
    </div>`,
};
