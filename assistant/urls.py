from django.contrib import admin
from django.urls import include, path

from assistant import metrics_view, views, views_privacy

urlpatterns = [
    path("", views.chat, name="chat"),
    path("end/", views.end_chat, name="end_chat"),
    path("my-data/download", views_privacy.download, name="download_my_data"),
    path("my-data/delete", views_privacy.delete, name="delete_my_data"),
    path("example/plan", views.example_plan, name="example_plan"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics_view.metrics, name="metrics"),
    path("", include("assistant.people.urls")),
    path("admin/", admin.site.urls),
]
