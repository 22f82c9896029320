/** What inspection gives: plain records, ready for JSON. Everything that is shown anywhere is rendered from these. */
import type { Sizes } from '../../dsl/shape.js';
import type { Cost } from '../cost.js';
import type { Style } from '../print/name.js';
import type { Lane } from './origins.js';

/** One text in every style. */
export type Notation = Readonly<Record<Style, string>>;

/** A named value of a graph. */
export interface InspectedValue {
  /** Its name as text: unique in its graph, and the same in every run. */
  readonly key: string;
  readonly name: Notation;
  /** Dimensions by name: `[batch, 20]`. */
  readonly shape: string;
  readonly lane: Lane;
  /** Position of the stage that computes it. */
  readonly stage: number;
  /** The loops (by key) that it is computed in, innermost last. */
  readonly loops: readonly string[];
  /** The primitive at its root. */
  readonly operation: string;
  readonly definition: Notation;
  /** The rule that made it, in mathematical notation: `∂ tanh: ẏ = (1 − y²) ⊙ ẋ`. */
  readonly rule: string;
  /** Its definition as it was derived, before any pass. */
  readonly derived: Notation;
  /** Keys of the values and leaves that the definition mentions. */
  readonly uses: readonly string[];
}

/** Data that a graph starts from. */
export interface InspectedLeaf {
  readonly key: string;
  readonly name: Notation;
  readonly shape: string;
  readonly kind: 'input' | 'parameter' | 'direction' | 'cotangent' | 'variable';
  /** The loop (by key) whose variable it is; the leaf's own key then begins with it. */
  readonly loop?: string;
  readonly stage: number;
}

/** A stage of a graph. */
export interface InspectedStage {
  readonly name: string;
  /** When it runs: `once per step`. */
  readonly runs: string;
  readonly inputs: readonly string[];
  /** Output name → key of the value. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** A graph after one pass. */
export interface InspectedLevel {
  readonly pass: string;
  readonly values: readonly InspectedValue[];
  readonly leaves: readonly InspectedLeaf[];
  readonly stages: readonly InspectedStage[];
}

/** A graph of a model, after every pass. */
export interface Inspection {
  readonly model: string;
  readonly graph: string;
  readonly formula: string;
  /** What the values of each lane are together. */
  readonly titles: Readonly<Record<Lane, string>>;
  /** `W1 [784, 20]`, in the order of θ. */
  readonly parameters: readonly string[];
  /** d. */
  readonly parameterCount: number;
  readonly levels: readonly InspectedLevel[];
}

/** One kernel of a compiled graph. */
export interface InspectedKernel {
  readonly name: string;
  readonly stage: string;
  /** Key of the value that it stores, or the name of the loop variable that it starts. */
  readonly stores: string;
  /** Keys of the values that it computes on the way, without a place in memory. */
  readonly fused: readonly string[];
  /** Names of the arrays that it reads. */
  readonly reads: readonly string[];
  /** All that it computes in one expression over what it reads. */
  readonly expression: Notation;
  readonly cost: Cost;
  /** FLOPs per byte. */
  readonly intensity: number;
  /** The loop nest, line by line. */
  readonly listing: readonly string[];
}

/** One array of a compiled graph. */
export interface InspectedBuffer {
  readonly name: string;
  readonly bytes: number;
  /** Where it lives in the arena, in bytes. */
  readonly offset: number;
  readonly kind: 'input' | 'temporary';
  /** The first and the last stage that need it. */
  readonly life: readonly [string, string];
  /** The first and the last kernel that write or read it, in the order in which they run; nothing if none does. */
  readonly kernels: readonly [string, string] | readonly [];
}

/** A graph, compiled for one binding of its dimensions. */
export interface InspectedProgram {
  readonly sizes: Sizes;
  readonly kernels: readonly InspectedKernel[];
  readonly buffers: readonly InspectedBuffer[];
  /** Bytes of the whole arena, with places shared. */
  readonly arenaBytes: number;
  /** By stage, for one run; loops count one round. */
  readonly costs: Readonly<Record<string, Cost>>;
  /** The kernels that compute a value, by its key. */
  readonly kernelsOf: Readonly<Record<string, readonly string[]>>;
}
