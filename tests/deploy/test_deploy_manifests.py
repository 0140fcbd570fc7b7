"""Compose file and Kubernetes manifests: they name what exists, and their numbers are those of the code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.startup import startup_faults
from cds_service.trust.issuers import load as load_clients

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
FILES = sorted(DEPLOY.rglob("*.yaml"))
NGINX = (DEPLOY / "nginx" / "nextline.conf").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DEFAULTS = {name: field.default for name, field in Settings.model_fields.items()}
LEFT_OUT = {"kustomization.yaml", "secret.example.yaml", "migration.yaml"}
USERS = {"nextline-cds:0.1.0": 10001, "nginxinc/nginx-unprivileged:1.28-alpine": 101}
KEEPALIVE_OF_THE_SERVICE = 75

Json = Mapping[str, Any]


def documents(file: Path) -> list[Json]:
    return [one for one in yaml.safe_load_all(file.read_text(encoding="utf-8")) if one]


OBJECTS = [(file.name, one) for file in sorted(KUBERNETES.glob("*.yaml")) for one in documents(file)]
COMPOSE: Json = documents(DEPLOY / "compose.yaml")[0]


def found(kind: str, name: str) -> Json:
    (one,) = (document for _, document in OBJECTS if document["kind"] == kind and document["metadata"]["name"] == name)
    return one


def pods() -> Iterator[tuple[str, Json]]:
    """The pod specification of everything that runs."""
    for _, one in OBJECTS:
        spec = one.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield one["metadata"]["name"], template


PODS = dict(pods())
SERVICE = PODS["nextline-cds"]["spec"]
SETTINGS: Mapping[str, str] = found("ConfigMap", "nextline-cds-settings")["data"]
ENVIRONMENTS = {"kubernetes": SETTINGS, "compose": COMPOSE["services"]["nextline-cds"]["environment"]}


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_is_yaml_with_something_in_it(file: Path) -> None:
    assert documents(file)


def test_the_kustomization_lists_every_manifest_but_what_is_applied_by_hand() -> None:
    (listed,) = documents(KUBERNETES / "kustomization.yaml")
    assert set(listed["resources"]) == {file.name for file in KUBERNETES.glob("*.yaml")} - LEFT_OUT


def test_every_object_lies_in_the_namespace() -> None:
    told = {one["metadata"].get("namespace") for _, one in OBJECTS if one["kind"] not in ("Namespace", "Kustomization")}
    assert told == {found("Namespace", "nextline-cds")["metadata"]["name"]}


class TestSettings:
    @pytest.mark.parametrize("file", [*FILES, ROOT / "Dockerfile", DEPLOY / "nginx" / "nextline.conf"], ids=str)
    def test_every_variable_that_is_named_is_a_setting(self, file: Path) -> None:
        named = set(re.findall(r"\bCDS_[A-Z_]+[A-Z]\b", file.read_text(encoding="utf-8")))
        assert named <= {f"CDS_{name.upper()}" for name in Settings.model_fields}

    @pytest.mark.parametrize("where", sorted(ENVIRONMENTS))
    def test_production_would_start_with_them(
        self, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("CDS_DATABASE_URL")
        (tmp_path / "url").write_text("postgresql://nextline@database.example.org/nextline\n")
        for name, value in ENVIRONMENTS[where].items():
            monkeypatch.setenv(name, str(tmp_path / "url") if name == "CDS_DATABASE_URL_FILE" else value)
        settings = Settings()  # type: ignore[call-arg]
        assert settings.production
        assert list(startup_faults(settings)) == []

    @pytest.mark.parametrize("where", sorted(ENVIRONMENTS))
    def test_every_file_they_name_is_mounted(self, where: str) -> None:
        files = {value for name, value in ENVIRONMENTS[where].items() if name.endswith("_FILE")}
        assert len(files) == 3
        if where == "kubernetes":
            mounted = [mount["mountPath"] for mount in SERVICE["containers"][0]["volumeMounts"]]
        else:
            service = COMPOSE["services"]["nextline-cds"]
            mounted = [volume.split(":")[1] for volume in service["volumes"]]
            mounted += [f"/run/secrets/{name}" for name in service["secrets"]]
        assert all(any(file == place or file.startswith(f"{place}/") for place in mounted) for file in files)

    def test_no_secret_stands_in_an_environment(self) -> None:
        for environment in ENVIRONMENTS.values():
            assert "CDS_DATABASE_URL" not in environment
        for _, template in PODS.items():
            for container in template["spec"]["containers"]:
                assert "env" not in container
                assert all("secretRef" not in source for source in container.get("envFrom", ()))

    @pytest.mark.parametrize("where", ["file", "configuration"])
    def test_the_example_of_a_clients_file_is_one(self, where: str, tmp_path: Path) -> None:
        text = (DEPLOY / "clients.toml").read_text(encoding="utf-8")
        if where == "configuration":
            text = found("ConfigMap", "nextline-cds-clients")["data"]["clients.toml"]
        (tmp_path / "clients.toml").write_text(text)
        (client,) = load_clients(tmp_path / "clients.toml").values()
        assert client.mode == "shadow"


class TestNumbers:
    @pytest.mark.parametrize("where", sorted(ENVIRONMENTS))
    def test_what_the_manifests_set_is_the_default(self, where: str) -> None:
        environment = ENVIRONMENTS[where]
        for name in ("max_body_bytes", "request_timeout", "workers"):
            assert int(environment[f"CDS_{name.upper()}"]) == DEFAULTS[name]

    @pytest.mark.parametrize(
        ("directive", "value"),
        [
            ("client_max_body_size", DEFAULTS["max_body_bytes"]),
            ("proxy_read_timeout", f"{DEFAULTS['request_timeout']}s"),
        ],
    )
    def test_the_proxy_has_the_limits_of_the_service(self, directive: str, value: object) -> None:
        assert set(re.findall(rf"\b{directive} (\S+);", NGINX)) == {str(value)}

    def test_the_proxy_drops_idle_connections_before_the_service_does(self) -> None:
        (upstream,) = re.findall(r"^    keepalive_timeout (\d+)s;  # shorter", NGINX, flags=re.MULTILINE)
        assert int(upstream) < KEEPALIVE_OF_THE_SERVICE
        gunicorn = (ROOT / "cds_service" / "gunicorn_settings.py").read_text(encoding="utf-8")
        assert f"keepalive = {KEEPALIVE_OF_THE_SERVICE} " in gunicorn

    def test_a_pod_has_the_time_to_drain_and_to_finish(self) -> None:
        wait = int(SERVICE["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
        finish = int(SETTINGS["CDS_REQUEST_TIMEOUT"])
        assert wait >= 5
        assert SERVICE["terminationGracePeriodSeconds"] >= wait + finish + 5
        assert seconds(COMPOSE["services"]["nextline-cds"]["stop_grace_period"]) >= finish + 5
        assert PODS["nextline-cds-proxy"]["spec"]["terminationGracePeriodSeconds"] >= wait + finish + 5

    def test_the_port_is_the_same_everywhere(self) -> None:
        port = DEFAULTS["port"]
        assert SERVICE["containers"][0]["ports"][0]["containerPort"] == port
        assert f"EXPOSE {port}\n" in DOCKERFILE
        assert f"server nextline-cds:{port} " in NGINX
        for name in ("nextline-cds", "nextline-cds-pods"):
            assert found("Service", name)["spec"]["ports"][0]["port"] == port
        (entry,) = found("NetworkPolicy", "service")["spec"]["ingress"]
        assert entry["ports"][0]["port"] == port

    def test_the_version_is_the_same_everywhere(self) -> None:
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        version = re.search(r'^version = "(.*)"$', project, flags=re.MULTILINE)
        assert version
        assert f'image.version="{version[1]}"' in DOCKERFILE
        for file in FILES:
            told = set(re.findall(r"image: nextline-cds:(\S+)", file.read_text(encoding="utf-8")))
            assert told <= {version[1]}
        assert found("Job", f"nextline-cds-upgrade-{version[1].replace('.', '-')}")


class TestKubernetes:
    def test_probes_ask_addresses_that_exist(self) -> None:
        routes = {rule.rule for rule in create_app(Settings()).url_map.iter_rules()}  # type: ignore[call-arg]
        (container,) = SERVICE["containers"]
        asked = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
        assert asked == {
            "startupProbe": "/health/ready",
            "readinessProbe": "/health/ready",
            "livenessProbe": "/health/live",
        }
        assert set(asked.values()) <= routes
        assert {container[name]["httpGet"]["port"] for name in asked} == {container["ports"][0]["name"]}

    @pytest.mark.parametrize("name", sorted(PODS))
    def test_no_pod_has_more_rights_than_it_needs(self, name: str) -> None:
        pod = PODS[name]["spec"]
        context = pod["securityContext"]
        (container,) = pod["containers"]
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] == USERS[container["image"]]
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert {"requests", "limits"} <= set(container["resources"])

    @pytest.mark.parametrize("name", sorted(PODS))
    def test_every_mount_has_its_volume(self, name: str) -> None:
        owner = found("StatefulSet", name)["spec"] if name == "nextline-cds" else {}
        claims = {claim["metadata"]["name"] for claim in owner.get("volumeClaimTemplates", ())}
        pod = PODS[name]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]} | claims
        assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == volumes
        assert {"temporary"} <= volumes

    def test_two_instances_on_two_machines_and_one_always_stays(self) -> None:
        owner = found("StatefulSet", "nextline-cds")
        assert owner["spec"]["replicas"] == 2
        assert found("PodDisruptionBudget", "nextline-cds")["spec"]["minAvailable"] == 1
        assert "kubernetes.io/hostname" in {one["topologyKey"] for one in SERVICE["topologySpreadConstraints"]}

    def test_each_instance_keeps_its_spool_on_a_disk_of_its_own(self) -> None:
        claims = found("StatefulSet", "nextline-cds")["spec"]["volumeClaimTemplates"]
        place = next(
            mount["mountPath"]
            for mount in SERVICE["containers"][0]["volumeMounts"]
            if mount["name"] == claims[0]["metadata"]["name"]
        )
        assert SETTINGS["CDS_SPOOL_DIR"].startswith(f"{place}/")

    def test_selectors_find_the_pods_they_are_for(self) -> None:
        labels = {name: template["metadata"]["labels"] for name, template in PODS.items()}
        for kind, name, owner in [
            ("Service", "nextline-cds", "nextline-cds"),
            ("Service", "nextline-cds-pods", "nextline-cds"),
            ("Service", "nextline-cds-proxy", "nextline-cds-proxy"),
        ]:
            assert found(kind, name)["spec"]["selector"].items() <= labels[owner].items()
        for name in ("nextline-cds", "nextline-cds-proxy"):
            wanted = found("PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"]
            assert wanted.items() <= labels[name].items()


POLICIES = {one["metadata"]["name"]: one["spec"] for _, one in OBJECTS if one["kind"] == "NetworkPolicy"}


class TestNetwork:
    def test_nothing_is_open_unless_it_is_listed(self) -> None:
        closed = POLICIES["nothing"]
        assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

    def test_the_service_reaches_names_its_database_and_fhir_servers_only(self) -> None:
        ways = {
            (rule["ports"][0]["port"], next(iter(rule["to"][0])))
            for name in ("names", "database", "service")
            for rule in POLICIES[name]["egress"]
        }
        assert ways == {(53, "namespaceSelector"), (5432, "ipBlock"), (443, "ipBlock")}

    def test_no_policy_is_open_to_the_whole_world_outwards(self) -> None:
        for spec in POLICIES.values():
            for rule in spec.get("egress", ()):
                assert rule["to"]
                assert all(to.get("ipBlock", {}).get("cidr") != "0.0.0.0/0" for to in rule["to"])


class TestCompose:
    SERVICES: Json = COMPOSE["services"]

    def test_the_schema_is_built_once_before_the_service_starts(self) -> None:
        assert self.SERVICES["upgrade"]["command"] == ["cds-service", "db", "upgrade"]
        assert self.SERVICES["nextline-cds"]["depends_on"] == {
            "upgrade": {"condition": "service_completed_successfully"}
        }
        assert self.SERVICES["upgrade"]["depends_on"] == {"database": {"condition": "service_healthy"}}

    def test_everything_that_is_named_is_defined(self) -> None:
        for service in self.SERVICES.values():
            assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
            assert set(service["networks"]) <= set(COMPOSE["networks"])
            for volume in service.get("volumes", ()):
                source = volume.split(":")[0]
                assert source in COMPOSE["volumes"] or source == "./tls" or (DEPLOY / source).exists()

    def test_only_the_proxy_can_be_reached_from_outside(self) -> None:
        assert [name for name, service in self.SERVICES.items() if "ports" in service] == ["nginx"]
        assert COMPOSE["networks"]["back"]["internal"] is True
        assert self.SERVICES["database"]["networks"] == ["back"]

    @pytest.mark.parametrize("name", ["nextline-cds", "upgrade", "nginx"])
    def test_our_containers_cannot_write_their_files(self, name: str) -> None:
        service = self.SERVICES[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["tmpfs"] == ["/tmp"]

    def test_secrets_lie_where_git_does_not_look(self) -> None:
        ignored = (DEPLOY / ".gitignore").read_text(encoding="utf-8").split()
        for secret in COMPOSE["secrets"].values():
            assert secret["file"].startswith("./secrets/")
        assert {"secrets/", "tls/"} <= set(ignored)


def test_the_namespace_asks_for_restricted_pods() -> None:
    labels = found("Namespace", "nextline-cds")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_secret_that_is_shown_cannot_be_used() -> None:
    shown = found("Secret", "nextline-cds")["stringData"]
    assert all("<" in value for value in shown.values())
    names = {Path(value).name for value in SETTINGS.values() if value.startswith("/etc/nextline-secrets/")}
    assert names < set(shown)
