import { isSocketHook, isSocketMapHook, type Hook } from "../model/hook.js";
import type { Plan } from "../model/plan.js";
import { SkMsgWorld } from "./hooks/sk-msg.js";
import { SkSkbWorld } from "./hooks/sk-skb.js";
import { SockOpsWorld } from "./hooks/sock-ops.js";
import { SocketMapStore } from "./maps/socket-map.js";
import type { HookWorld, SimulatedObject, Stage } from "./simulated-object.js";
import type { SocketNetwork } from "./sockets/network.js";

/** Programs of one object that run for sockets: on the cgroups of hosts, and on maps of sockets. */
export class SocketPrograms {
  readonly #object: SimulatedObject<HookWorld>;
  readonly #network: SocketNetwork;
  #sockOps: Stage<SockOpsWorld> | undefined;
  #skMsg: Stage<SkMsgWorld> | undefined;
  #skSkb: Stage<SkSkbWorld> | undefined;

  constructor(object: SimulatedObject<HookWorld>, network: SocketNetwork) {
    this.#object = object;
    this.#network = network;
    for (const map of object.maps.all) if (map instanceof SocketMapStore) map.owner = network;
  }

  /** Links a program of a hook, so that what is not simulated is known; throws HarnessError "unsupported". */
  link(hook: Hook, program: string): void {
    this.#stageOf(hook).program(program);
  }

  attach(hook: Hook, program: string, host: string, map: string | undefined): void {
    if (hook === "sockops") {
      const { hook: world, ...stage } = (this.#sockOps ??= this.#object.addHook(
        (...parts) => new SockOpsWorld(...parts),
      ));
      const run = runner(stage, program);
      this.#network.attachSockOps(host, (event) => world.run(run, event));
    } else if (isSocketMapHook(hook)) this.#attachToMap(hook, program, this.#mapOf(map));
  }

  /** Nothing runs any more; sockets keep what they have, as they do in the kernel until they leave the map. */
  detach(): void {
    this.#network.detachSockOps();
    for (const map of this.#object.maps.all)
      if (map instanceof SocketMapStore)
        for (const name of Object.keys(map.programs)) Reflect.deleteProperty(map.programs, name);
  }

  #attachToMap(hook: Hook, program: string, { programs }: SocketMapStore): void {
    if (hook === "sk_msg") {
      const stage = this.#messages;
      const run = runner(stage, program);
      programs.message = (socket, message) => stage.hook.run(run, socket, message);
      return;
    }
    const stage = this.#skbs;
    const run = runner(stage, program);
    if (hook === "sk_skb/stream_parser") programs.parser = (socket, skb) => stage.hook.parse(run, socket, skb);
    else if (hook === "sk_skb/stream_verdict")
      programs.streamVerdict = (socket, skb) => stage.hook.verdict(run, socket, skb);
    else programs.skbVerdict = (socket, skb) => stage.hook.verdict(run, socket, skb);
  }

  get #messages(): Stage<SkMsgWorld> {
    return (this.#skMsg ??= this.#object.addHook((...parts) => new SkMsgWorld(...parts)));
  }

  get #skbs(): Stage<SkSkbWorld> {
    return (this.#skSkb ??= this.#object.addHook((...parts) => new SkSkbWorld(...parts)));
  }

  #stageOf(hook: Hook): Stage<HookWorld> {
    if (hook === "sockops") return (this.#sockOps ??= this.#object.addHook((...parts) => new SockOpsWorld(...parts)));
    return hook === "sk_msg" ? this.#messages : this.#skbs;
  }

  #mapOf(name: string | undefined): SocketMapStore {
    const map = name === undefined ? undefined : this.#object.maps.get(name);
    if (map instanceof SocketMapStore) return map;
    throw new Error(`${name ?? "nothing"} is no map of sockets: the plan has looked`);
  }
}

/** Where programs of a plan run for sockets: its own and further ones of its object. */
export function socketAttachments(plan: Plan) {
  const { program, hook, topology, attachMap } = plan;
  const all = [{ program, hook, at: topology.attach, map: attachMap }, ...plan.attach];
  return all.filter((each) => isSocketHook(each.hook));
}

function runner({ machine, program }: Omit<Stage<HookWorld>, "hook">, name: string): (context: number) => number {
  return (context) => {
    machine.run(program(name), context);
    return machine.arguments.result32 | 0;
  };
}
