/** What `sgn inspect` can be asked for, and which wishes do not go together. */
import type { InspectableGraph } from '../optim/index.js';
import type { SourceLanguage, TargetName } from '../runtime/index.js';

/** How far the compiler has come. */
export const stageNames = ['derived', 'simplified', 'staged', 'fused', 'memory'] as const;

/** How far the compiler has come, by name. */
export type StageName = (typeof stageNames)[number];

/** The stage that is shown unless another is asked for. */
export const defaultStage: StageName = 'staged';

/** How a graph is shown. */
export const formatNames = ['text', 'math', 'latex', 'dot', 'svg', 'html', 'json'] as const;

/** The options of `sgn inspect` as commander gives them. */
export interface InspectOptions {
  readonly graph: InspectableGraph;
  readonly stage?: StageName;
  readonly pass?: string;
  readonly format: (typeof formatNames)[number];
  readonly source?: SourceLanguage;
  readonly kernel?: string;
  readonly cost?: boolean;
  readonly profile?: boolean;
  readonly target: TargetName | 'auto';
  readonly batch?: number;
  readonly out?: string;
}

/** The formats of each thing that can be shown. */
const formatsOf: Readonly<Record<StageName | 'pass' | 'source' | 'cost', readonly InspectOptions['format'][]>> = {
  derived: ['text', 'math', 'latex', 'dot', 'svg', 'json'],
  simplified: ['text', 'math', 'latex', 'dot', 'svg', 'json'],
  staged: formatNames,
  fused: ['text', 'json'],
  memory: ['text', 'json'],
  pass: ['text', 'math'],
  source: ['text'],
  cost: ['text'],
};

/** The targets whose device has sources in a language. */
const targetsOf: Readonly<Record<'wgsl' | 'glsl', readonly TargetName[]>> = {
  wgsl: ['gpujs:webgpu'],
  glsl: ['gpujs:webgl2', 'gpujs:webgl'],
};

/** Why options do not go together, in one line that says what to do; nothing if they do. */
export const contradiction = ({
  stage,
  pass,
  source,
  cost,
  format,
  kernel,
  profile,
  target,
}: InspectOptions): string | undefined => {
  // sources are those of the fused kernels
  const ownStage = stage === undefined || (stage === 'fused' && source !== undefined) ? [] : [stage];
  const subjects = [
    ...(cost === true ? (['cost'] as const) : []),
    ...(source === undefined ? [] : (['source'] as const)),
    ...(pass === undefined ? [] : (['pass'] as const)),
    ...ownStage,
  ];
  const options = subjects.map((name) => (name === stage ? `--stage ${name}` : `--${name}`));
  if (options.length > 1) return `${options.join(' and ')} show different things: leave all but one out`;
  const [subject = defaultStage] = subjects;
  const [option = `--stage ${defaultStage}`] = options;
  if (!formatsOf[subject].includes(format))
    return `${option} is not shown as ${format}, but as ${formatsOf[subject].join(', ')}: choose another --format`;
  if (kernel !== undefined && subject !== 'fused' && subject !== 'source')
    return '--kernel chooses among kernels: add --stage fused or --source';
  if (profile === true && subject !== 'fused' && subject !== 'cost' && format !== 'html')
    return '--profile measures kernels or whole derivatives: add --stage fused, --cost or --format html';
  if ((source === 'wgsl' || source === 'glsl') && target !== 'auto' && !targetsOf[source].includes(target))
    return `--target ${target} has no ${source}: leave it out or choose ${targetsOf[source].join(' or ')}`;
  return undefined;
};
