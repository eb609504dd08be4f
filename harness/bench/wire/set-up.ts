import { createNetwork, type Network } from "../../../netns/network.js";
import { loadObjects } from "../../kernel/load-objects.js";
import type { RunFolder } from "../../kernel/run-folder.js";
import { harnessError } from "../../model/error.js";
import type { Plan } from "../../model/plan.js";
import { attachAll, placementsOf } from "../../wire/attach/attach-all.js";
import { startService } from "../../wire/process/service.js";

/** What a scenario describes, standing: its network, programs and services; without the programs where not `attached`. */
export async function setUp(plan: Plan, id: string, folder: RunFolder, attached: boolean): Promise<Network> {
  const network = await createNetwork(plan.topology, id);
  const serve = async (): Promise<void> => {
    for (const service of plan.services) await startService(network, service);
  };
  try {
    if (!attached) {
      await serve();
      return network;
    }
    const result = loadObjects(plan, folder);
    if (!result.accepted) throw harnessError("load", `${plan.object.name} was refused:\n${result.log}`);
    for (const { plan: own, loaded } of result.objects) {
      network.teardown.defer(() => loaded.close());
      loaded.applyMaps(own.maps);
    }
    const attachment = await attachAll(network, placementsOf(result.objects), serve);
    network.teardown.defer(() => attachment.detach());
    return network;
  } catch (failure) {
    await network[Symbol.asyncDispose]();
    throw failure;
  }
}
