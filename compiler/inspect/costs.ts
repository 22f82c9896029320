/** What derivatives cost, as multiples of the forward pass: eqs. (16) and (17) of Gargiani et al. 2020, counted. */

import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { at } from '../../dsl/internal.js';
import type { Sizes } from '../../dsl/shape.js';
import { type CompileError, compile } from '../compile.js';
import { addCosts, type Cost, programCost } from '../cost.js';
import type { Program } from '../program.js';
import { deriveGraph, type GraphName, type InspectedModel } from './graphs.js';

/** The cost of one derivative. */
export interface DerivativeCost {
  readonly graph: GraphName;
  /** All of it, the forward pass included. */
  readonly total: Cost;
  /** Its last stage alone: what one more direction costs at the same point. */
  readonly again: Cost;
  /** FLOPs of `total` over those of the forward pass. */
  readonly ratio: number;
  /** FLOPs of `again` over those of the forward pass. */
  readonly ratioAgain: number;
  /** The paper's bound on `ratioAgain`, where it gives one. */
  readonly bound?: { readonly value: number; readonly equation: string };
  readonly program: Program;
}

// (16): J v costs at most twice the function, (17): Jᵀ u at most three times; G v = Jᵀ (H (J v)) costs both, for H is of
// one sample's outputs and small.
const bounds: { readonly [G in GraphName]?: NonNullable<DerivativeCost['bound']> } = {
  jvp: { value: 2, equation: '(16)' },
  vjp: { value: 3, equation: '(17)' },
  ggn: { value: 5, equation: '(16) + (17)' },
};

const compared = ['forward', 'jvp', 'vjp', 'gradient', 'ggn'] as const satisfies readonly GraphName[];

const compiled = (model: InspectedModel, graph: GraphName, sizes: Sizes): E.Either<CompileError, Program> =>
  pipe(
    deriveGraph(model, graph),
    E.flatMap(({ stages }) => compile({ name: graph, sizes, stages })),
  );

/** The costs of a model's derivatives for one binding of its dimensions. Left: as for `compile`. */
export const derivativeCosts = (
  model: InspectedModel,
  sizes: Sizes,
): E.Either<CompileError, readonly DerivativeCost[]> =>
  pipe(
    compared.map((graph) =>
      pipe(
        compiled(model, graph, sizes),
        E.map((program) => ({ graph, program, stages: Object.values(programCost(program)) })),
      ),
    ),
    E.sequenceArray,
    E.map((programs) => {
      const forward = addCosts(at(programs, 0, 'derivativeCosts').stages).flops;
      return programs.map(({ graph, program, stages }): DerivativeCost => {
        const [total, again] = [addCosts(stages), addCosts(stages.slice(-1))];
        const bound = bounds[graph];
        return {
          graph,
          program,
          total,
          again,
          ratio: total.flops / forward,
          ratioAgain: again.flops / forward,
          ...(bound === undefined ? {} : { bound }),
        };
      });
    }),
  );
