/**
 * What containers and cores did while a load was under way. Part of `types.ts`, which hands
 * everything on; import from there.
 */

/** Seconds since the load began, and a value; between two points it is a straight line. */
export type Curve = readonly (readonly [number, number])[];

/** What a container used while a load was under way, read each second. */
export interface ContainerResources {
  readonly container: string;
  readonly role: 'sut' | 'instrument';
  readonly cpu_cores: Curve;
  readonly memory_mib: Curve;
  /** Memory of the largest worker of nginx, where a scenario asks for it. */
  readonly worker_mib?: Curve;
  readonly received_kibPerS?: Curve;
  readonly sent_kibPerS?: Curve;
  /** Open file descriptors of all its processes, where the host shows them. */
  readonly descriptors?: Curve;
  /** What nginx tells of itself (stub_status): connections by what they do, and what came in a second. */
  readonly nginx?: {
    readonly active: Curve;
    readonly reading: Curve;
    readonly writing: Curve;
    readonly waiting: Curve;
    readonly accepted_perS: Curve;
    readonly handled_perS: Curve;
    readonly requests_perS: Curve;
  };
  /** What an application tells of its processes, as often as the topology's Prometheus asks. */
  readonly node?: {
    /** P99 of the event loop's delay since Prometheus asked last, in the slowest process. */
    readonly loop_delay_ms_p99: Curve;
    /** All processes together. */
    readonly heap_mib: Curve;
  };
}

/** All work on the cores of one side while a load was under way, read each second. Seconds are those before a point. */
export interface CoreResources {
  readonly side: 'system' | 'generator';
  /** Numbers of the host's cores. */
  readonly cores: readonly number[];
  /** In cores, the kernel's work included, whoever it was for; without what was stolen. */
  readonly busy_cores: Curve;
  /** Part of that which the kernel spent in interrupts (irq and softirq), most of it for the network. */
  readonly interrupts_cores: Curve;
  /** What other guests of the host took: neither used here nor idle. Absent when there was none. */
  readonly stolen_cores?: Curve;
}

/** Mean use of the cores of one side while a load counted, in cores. */
export interface CoreUse {
  /** That the side has. */
  readonly cores: number;
  /** All work on them; where nobody could read the cores, only that of the side's containers. */
  readonly busy: number;
  /** Part of that which the side's watched containers used. */
  readonly containers: number;
  /** Part of `busy` that the kernel spent in interrupts; absent when nobody could read the cores. */
  readonly interrupts?: number;
  /** What other guests of the host took; absent when nobody could read the cores. */
  readonly stolen?: number;
}
