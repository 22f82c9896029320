/** Optimizers from settings that nobody has checked. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { z } from 'zod';
import { configErrorOf } from './experiment.js';
import type { Optimizer, OptimizerState, StepReport } from './optimizer.js';

/**
 * The optimizer that settings make, completed and checked by their schema. One of settings that are refused takes no step:
 * `prepare` and `step` say what is wrong with them.
 */
export const asSet = <Settings, State extends OptimizerState, Report extends StepReport>(
  solver: string,
  schema: z.ZodType<Settings>,
  given: unknown,
  make: (settings: Settings) => Optimizer<State, Report>,
): Optimizer<State, Report> => {
  const parsed = schema.safeParse(given);
  if (parsed.success) return make(parsed.data);
  const error = configErrorOf(parsed.error, [solver]);
  return {
    ...make(schema.parse({})),
    prepare: () => TE.left(error),
    step: (state) => TE.left({ error, state }),
  };
};
