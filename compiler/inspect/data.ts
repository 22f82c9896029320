/** What inspection gives: plain records, ready for JSON. Everything that is shown anywhere is rendered from these. */
import type { Cost } from '../cost.js';
import type { PassName } from '../passes.js';
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
  /** Keys of the values and leaves that the definition mentions. */
  readonly uses: readonly string[];
}

/** Data that a graph starts from. */
export interface InspectedLeaf {
  readonly key: string;
  readonly name: Notation;
  readonly shape: string;
  readonly kind: 'input' | 'parameter' | 'direction' | 'cotangent' | 'variable';
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
  readonly pass: PassName | 'derived';
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

/** How one value came about. */
export interface Provenance {
  /** Key of the value. */
  readonly key: string;
  /** The rule that made it, in mathematical notation. */
  readonly rule: Notation;
  /** Its definition as it was derived, before the passes. */
  readonly derived: Notation;
}

/** One kernel of a compiled graph. */
export interface InspectedKernel {
  readonly name: string;
  readonly stage: string;
  /** Keys of the values that it computes; the one that it stores comes last. */
  readonly values: readonly string[];
  readonly stores: string;
  readonly reads: readonly string[];
  readonly cost: Cost;
  /** FLOPs per byte. */
  readonly intensity: number;
  /** The loop nest, as text. */
  readonly listing: string;
}
