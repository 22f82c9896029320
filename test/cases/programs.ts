/** The case table: programs by hand that every target must run like the float64 interpreter. */
import type { Program } from '../../compiler/program.js';
import { contractions } from './contractions.js';
import { controls } from './controls.js';
import { movements } from './movements.js';
import { networks } from './networks.js';
import { pointwises } from './pointwises.js';
import { reductions } from './reductions.js';

/** One run of a stage. Arrays may hold NaN and infinities. */
export interface CaseRun {
  readonly stage: string;
  readonly inputs: Readonly<Record<string, number | readonly number[]>>;
}

/** A program, and what to run of it, in order. */
export interface ProgramCase {
  readonly name: string;
  readonly program: Program;
  readonly runs: readonly CaseRun[];
}

/** All cases. */
export const programCases: readonly ProgramCase[] = [
  ...contractions,
  ...reductions,
  ...movements,
  ...pointwises,
  ...controls,
  ...networks,
];
