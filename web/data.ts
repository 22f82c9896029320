/** What the derivative explorer shows: the data that its page carries, as JSON. */

/** A value of the graph: one box of the drawing, whose element has the id `n` + position. */
export interface ExplorerValue {
  readonly name: string;
  /** The name as it is typed: for search. */
  readonly key: string;
  readonly shape: string;
  readonly lane: string;
  readonly stage: number;
  readonly operation: string;
  readonly rule: string;
  readonly derived: string;
  readonly definition: string;
  /** Positions of the values that its definition mentions. */
  readonly uses: readonly number[];
  /** Names of the data that its definition mentions: inputs, parameters, directions, variables of loops. */
  readonly reads: readonly string[];
  /** Names of everything that its definition mentions. */
  readonly mentions: readonly string[];
  /** Positions of the kernels that compute it. */
  readonly kernels: readonly number[];
}

/** A kernel. */
export interface ExplorerKernel {
  readonly name: string;
  readonly stage: string;
  readonly stores: string;
  readonly fused: readonly string[];
  readonly reads: readonly string[];
  readonly expression: string;
  readonly flops: number;
  readonly bytes: number;
  readonly intensity: number;
  /** If it was measured. */
  readonly milliseconds?: number;
  readonly sources: readonly { readonly language: string; readonly text: string }[];
}

/** Everything that the page carries. */
export interface ExplorerData {
  readonly model: string;
  readonly graph: string;
  readonly formula: string;
  readonly stages: readonly { readonly name: string; readonly runs: string }[];
  /** The lanes that occur, in order, with their titles. */
  readonly lanes: readonly { readonly lane: string; readonly title: string }[];
  readonly values: readonly ExplorerValue[];
  readonly kernels: readonly ExplorerKernel[];
  /** Where kernels were measured. */
  readonly target?: string;
}
