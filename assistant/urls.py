from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from assistant import metrics_view, views, views_person, views_privacy

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.chat, name="chat"),
    path("end/", views.end_chat, name="end_chat"),
    path("my-data/download", views_privacy.download, name="download_my_data"),
    path("my-data/delete", views_privacy.delete, name="delete_my_data"),
    path("example/plan", views.example_plan, name="example_plan"),
    path("person/", views_person.person, name="person"),
    path("person/<uuid:request_id>/", views_person.receipt, name="person_receipt"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics_view.metrics, name="metrics"),
    path("", include("assistant.people.urls")),
    path("admin/", admin.site.urls),
]
if apps.is_installed("allauth.account"):
    urlpatterns.append(path("accounts/", include("assistant.people.accounts_urls")))
