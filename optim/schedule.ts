/** How a number (a learning rate, the damping ρ) changes with t; what t is for step 1 is its user's choice. */

/** The form of a schedule over `steps` = K steps, from `initial` to `final`. */
export interface Schedule {
  readonly kind: ScheduleKind;
  readonly initial: number;
  readonly final: number;
  readonly steps: number;
  /** What a `step` schedule multiplies by, every K steps. */
  readonly factor: number;
}

/** The kinds of schedules. */
export const scheduleKinds = ['constant', 'step', 'linear', 'cosine'] as const;

/** The kind of a schedule. */
export type ScheduleKind = (typeof scheduleKinds)[number];

const progress = (schedule: Schedule, t: number): number => Math.min(t / schedule.steps, 1);

const values: { readonly [Kind in ScheduleKind]: (schedule: Schedule, t: number) => number } = {
  // s(t) = s₀
  constant: ({ initial }) => initial,
  // s(t) = s₀ · factor^⌊t/K⌋
  step: ({ initial, factor, steps }, t) => initial * factor ** Math.floor(t / steps),
  // s(t) = s₀ + (s_K − s₀) · t/K, then s_K
  linear: (schedule, t) => schedule.initial + (schedule.final - schedule.initial) * progress(schedule, t),
  // s(t) = s₀ cos(π/2 · t/K), never below s_K
  cosine: (schedule, t) => Math.max(schedule.initial * Math.cos((Math.PI / 2) * progress(schedule, t)), schedule.final),
};

/** The value at t = 0, 1, 2, … */
export const scheduleValue = (schedule: Schedule, t: number): number => values[schedule.kind](schedule, t);
