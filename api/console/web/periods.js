// Months, quarters, half-years and years that have begun, by China's clock: the periods that reports are asked for.
export const CYCLES = ["month", "quarter", "half-year", "year"];

const MONTHS = { month: 1, quarter: 3, "half-year": 6, year: 12 };
const OFFERED = { month: 13, quarter: 8, "half-year": 4, year: 4 };
const WRITTEN = { month: (no) => `-${String(no).padStart(2, "0")}`, quarter: (no) => `-Q${no}`, "half-year": (no) => `-H${no}`, year: () => "" };

/** The periods of a cycle as addresses write them, the one that is running first. */
export function periods(cycle, now = Date.now()) {
  const [year, month] = new Date(now + 8 * 3600 * 1000).toISOString().split("-").map(Number);
  const inAYear = 12 / MONTHS[cycle];
  const running = year * inAYear + Math.floor((month - 1) / MONTHS[cycle]);
  return Array.from({ length: OFFERED[cycle] }, (_, back) => {
    const place = running - back;
    return `${Math.floor(place / inAYear)}${WRITTEN[cycle]((place % inAYear) + 1)}`;
  });
}
