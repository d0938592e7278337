from django.apps import AppConfig
from django.conf import settings


class RoutingConfig(AppConfig):
    name = "routing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Switch on what is told outside the database."""
        from routing import telemetry, telemetry_log

        env = settings.ENV
        if env.log_events:
            telemetry.listen(telemetry_log.write)
        if env.otlp_endpoint:
            from routing import otel  # some 60 ms and 15 MB that a desk without a collector need not pay

            exporter = otel.to_collector(env.otlp_endpoint, dict(env.otlp_headers), otel.SERVICE)
            telemetry.listen(exporter)
