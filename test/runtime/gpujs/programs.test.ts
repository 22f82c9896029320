/** Every case of the table, on every mode of gpu.js that runs in Node, against the float64 interpreter. */
import { gpujsTarget } from '../../../runtime/gpujs/target.js';
import { runTable } from '../../cases/table.js';
import { describeOnSwiftShader } from './swiftShader.js';

describe('programs on gpujs:cpu', () => runTable('gpujs:cpu', gpujsTarget('cpu')));

describe('programs on gpujs:webasm', () => runTable('gpujs:webasm', gpujsTarget('webasm')));

describeOnSwiftShader('programs on gpujs:webgpu', () => runTable('gpujs:webgpu', gpujsTarget('webgpu')));
