from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from assistant import metrics_view, views, views_embed, views_example_shop, views_person, views_privacy

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.chat, name="chat"),
    path("end/", views.end_chat, name="end_chat"),
    path("my-data/download", views_privacy.download, name="download_my_data"),
    path("my-data/delete", views_privacy.delete, name="delete_my_data"),
    path("example/plan", views.example_plan, name="example_plan"),
    path("person/", views_person.person, name="person"),
    path("person/<uuid:request_id>/", views_person.receipt, name="person_receipt"),
    path("widget.js", views_embed.loader, name="widget"),
    path("widget/<int:version>/widget.js", views_embed.loader, name="widget_version"),
    path("widget/look/<slug:key>.json", views_embed.look, name="widget_look"),
    re_path(r"^widget/theme/(?P<accent>[0-9a-f]{6})\.css$", views_embed.theme, name="widget_theme"),
    re_path(r"^widget/mark/(?P<accent>[0-9a-f]{6})\.svg$", views_embed.mark, name="widget_mark"),
    path("embed/<slug:key>/", views_embed.embedded, name="embed"),
    path("embed/<slug:key>/my-data/download", views_embed.download, name="embed_download"),
    path("embed/<slug:key>/my-data/delete", views_embed.delete, name="embed_delete"),
    path("example/shop/", views_example_shop.shop, name="example_shop"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics_view.metrics, name="metrics"),
    path("", include("assistant.people.urls")),
    path("admin/", admin.site.urls),
]
if apps.is_installed("allauth.account"):
    urlpatterns.append(path("accounts/", include("assistant.people.accounts_urls")))
