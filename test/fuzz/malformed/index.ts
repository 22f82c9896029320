/** The fuzzers of malformed input, one for each kind of it. */
import type { Fuzzer } from '../fuzzer.js';
import { argumentLines } from './arguments.js';
import { checkpoints } from './checkpoints.js';
import { data } from './data.js';
import { modules } from './modules.js';
import { networks } from './networks.js';
import { safetensors } from './safetensors.js';
import { studies } from './studies.js';

export const malformed: readonly Fuzzer[] = [argumentLines, modules, studies, checkpoints, safetensors, data, networks];
