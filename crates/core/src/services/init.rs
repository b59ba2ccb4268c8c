//! `regenesis init`: runs before the clients, and again at every `up`.

use super::{
    Execution, Mount, MountSource, Options, RUNTIME, Service, Setting, SnapshotSource, Text,
    Variable, Volume, VolumeContent, arguments, geth,
};

pub(super) const NAME: &str = "init";

/// Its image.
pub const IMAGE: Setting = Setting::named("REGENESIS_IMAGE");
/// The options of `init` that the user can set.
const OPTIONS: [Setting; 5] = [
    Setting::named("REGENESIS_RENEW"),
    Setting::named("REGENESIS_LEAD"),
    Setting::named("REGENESIS_TIMESTAMP"),
    Setting::named("REGENESIS_PRESET_REVISION"),
    Setting::with_default("REGENESIS_ADD_SYSTEM_CONTRACTS", ""),
];

pub(super) fn service(options: Options, volumes: &[Volume]) -> Service {
    let consensus = options.clients.consensus;
    let snapshot = |default| Text::from(Setting::with_default("SNAPSHOT", default));
    let (variable, directory, target) = match options.snapshot {
        // The same path as on the host, so that messages name the path that the user knows.
        SnapshotSource::Variable => (snapshot(""), snapshot("."), snapshot("/none")),
        SnapshotSource::Here => ("/snapshot".into(), ".".into(), "/snapshot".into()),
    };
    let snapshot = Mount { source: MountSource::Directory(directory), target, read_only: true };
    // A new volume gets the owner of the path at which the first container mounts it. This image has
    // paths with the right owner, so that it mounts the clients' volumes too.
    let clients = volumes.iter().filter(|volume| volume.content == VolumeContent::ClientData);
    let clients: Vec<_> = clients.map(|volume| format!("/data/{}", volume.name)).collect();
    let clients = Variable::new("REGENESIS_CLIENT_DATA", clients.join(","));
    let geth = (options.clients.execution == Execution::Geth)
        .then(|| Variable::new("REGENESIS_GETH_DATADIR", format!("/data/{}", geth::NAME)));
    let volumes = volumes.iter().map(|Volume { name, content }| match content {
        VolumeContent::Runtime => Mount::volume(name, RUNTIME),
        VolumeContent::ClientData | VolumeContent::L2Data => {
            Mount::volume(name, format!("/data/{name}"))
        }
    });
    let options = OPTIONS.map(|setting| Variable::new(setting.name.clone(), setting));
    let layout = consensus.layout().map(|name| Variable::new("REGENESIS_LAYOUT", name));
    let mut environment = vec![Variable::new("REGENESIS_SNAPSHOT", variable)];
    environment.extend(options.into_iter().chain([clients]).chain(geth).chain(layout));
    Service {
        environment,
        mounts: volumes.chain([snapshot]).collect(),
        ..Service::of(NAME, IMAGE, arguments(&["init"]))
    }
}
